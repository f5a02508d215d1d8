import type { Metadata } from "next";
import { Suspense } from "react";

import { AnalysisView } from "@/features/analysis/view";

export const metadata: Metadata = { title: "Analysis" };

export default function AnalysisPage() {
  // The id is in the query string, which a static export can read in the browser only.
  return (
    <Suspense>
      <AnalysisView />
    </Suspense>
  );
}
