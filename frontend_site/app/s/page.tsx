import type { Metadata } from "next";

import { SharedView } from "@/features/share/shared-view";

export const metadata: Metadata = {
  title: "Shared analysis",
  robots: { index: false, follow: false },
  referrer: "no-referrer",
};

export default function SharedPage() {
  return <SharedView />;
}
