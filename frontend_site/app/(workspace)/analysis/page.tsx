import type { Metadata } from "next";
import { Suspense } from "react";

import { AnalysisView } from "@/features/analysis/view";

export const metadata: Metadata = { title: "Analysis" };

export default function AnalysisPage() {
  // The id is in the query, which a static page knows in the browser alone.
  return (
    <Suspense>
      <AnalysisView />
    </Suspense>
  );
}
