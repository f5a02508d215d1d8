import type { Metadata } from "next";

import { DevelopersView } from "@/features/developers/view";

export const metadata: Metadata = { title: "Developers" };

export default function DevelopersPage() {
  return (
    <div className="grid gap-6">
      <h1 className="text-2xl">Developers</h1>
      <DevelopersView />
    </div>
  );
}
