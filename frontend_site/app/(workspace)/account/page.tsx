import type { Metadata } from "next";

import { AccountView } from "@/features/account/view";

export const metadata: Metadata = { title: "Account" };

export default function AccountPage() {
  return (
    <div className="grid gap-6">
      <h1 className="text-2xl">Account</h1>
      <AccountView />
    </div>
  );
}
