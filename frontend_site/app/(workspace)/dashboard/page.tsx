import type { Metadata } from "next";

import { AnalysisList } from "@/features/analyses/list";
import { QuotaLine } from "@/features/developers/quota-line";
import { DropZone } from "@/features/uploads/drop-zone";
import { PendingUploads } from "@/features/uploads/pending-uploads";
import { UploadList } from "@/features/uploads/upload-list";

export const metadata: Metadata = { title: "Analyses" };

export default function DashboardPage() {
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h1 className="text-2xl">Your videos</h1>
        <QuotaLine />
      </div>
      <DropZone />
      <UploadList />
      <PendingUploads />
      <AnalysisList />
    </div>
  );
}
