"use client";

import { useEffect, useState } from "react";
import { flushSync } from "react-dom";

import { Report, type ReportProps } from "./static-report";

/** Report that replaces the page on paper; rendered only while the browser prints. The page itself is `print:hidden`. */
export function PrintReport(props: ReportProps) {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const begin = () => flushSync(() => setPrinting(true)); // the browser prints what the event's handlers leave
    const end = () => setPrinting(false);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  if (!printing) return null;
  return (
    <div className="hidden print:block" data-testid="print-report">
      <Report {...props} />
    </div>
  );
}
