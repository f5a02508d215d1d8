"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

import { useUploads } from "./provider";
import { summarize } from "./summary";

/** Line with the uploads in progress, on every page but the dashboard, which lists them. */
export function UploadTray() {
  const { uploads } = useUploads();
  const summary = summarize(uploads);
  const failed = uploads.filter(({ state }) => state === "failed" || state === "rejected").length;
  if (usePathname() === "/dashboard/" || (!summary && failed === 0)) return null;
  return (
    <aside aria-label="Uploads in progress" className="fixed inset-x-4 bottom-4 z-10 mx-auto max-w-md">
      <Link href="/dashboard/" className="card numbers block px-4 py-2 text-[13px] shadow-float hover:bg-hover">
        {summary ?? "Uploads finished"}
        {failed > 0 && <span className="text-danger"> · {failed} failed</span>}
      </Link>
    </aside>
  );
}
