import type { Metadata } from "next";

import { UsageView } from "@/features/usage/view";

export const metadata: Metadata = { title: "Usage" };

export default function UsagePage() {
  return (
    <div className="grid gap-6">
      <h1 className="text-2xl">Usage</h1>
      <UsageView />
    </div>
  );
}
