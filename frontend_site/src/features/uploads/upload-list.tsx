"use client";

import { X } from "lucide-react";

import { Button, IconButton } from "@/design/button";
import { cx } from "@/design/cx";
import { Progress } from "@/design/progress";
import { bytes, count, percent, timeRemaining } from "@/lib/format";

import { ChooseVideos } from "./choose-videos";
import { useUploads } from "./provider";
import type { Upload } from "./queue";
import { summarize } from "./summary";

/** List of uploads in progress, and of those that need attention. */
export function UploadList() {
  const { queue, uploads } = useUploads();
  if (uploads.length === 0) return null;
  const compact = uploads.length > COMPACT_FROM;
  const cancellable = uploads.filter(({ state }) => state === "queued" || state === "sending").length;
  return (
    <div className="card">
      {uploads.length > 1 && (
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <p className="numbers text-[13px] text-muted">{summarize(uploads) ?? count(uploads.length, "upload")}</p>
          {cancellable > 1 && (
            <Button size="small" onClick={() => queue.cancelAll()}>
              Cancel all
            </Button>
          )}
        </div>
      )}
      {/* Thirty files must not push the list of analyses off the page. */}
      <ul aria-label="Uploads" className="max-h-80 divide-y divide-line overflow-y-auto">
        {uploads.map((upload) => (
          <UploadRow key={upload.id} upload={upload} compact={compact} />
        ))}
      </ul>
    </div>
  );
}

const COMPACT_FROM = 4;

/** Upload with its progress; `compact` shows it in one line, without a bar, unless it needs attention. */
function UploadRow({ upload, compact }: { upload: Upload; compact: boolean }) {
  const { queue } = useUploads();
  const { id, name, state, sent, size, problem } = upload;
  const cancellable = state === "queued" || state === "sending";
  return (
    <li className={cx("grid gap-1.5 px-4", compact ? "py-1.5" : "py-3")}>
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 truncate text-sm font-medium">{name}</p>
        {compact && !problem && <p className="numbers truncate text-[13px] text-muted">{status(upload)}</p>}
        {state === "failed" && (
          <Button size="small" onClick={() => queue.retry(id)} aria-label={`Try again: ${name}`}>
            Try again
          </Button>
        )}
        {state === "rejected" && (
          <ChooseVideos
            size="small"
            aria-label={`Choose another file: ${name}`}
            inputLabel={`Another file for ${name}`}
            onChosen={() => queue.dismiss(id)}
          >
            Choose another file
          </ChooseVideos>
        )}
        {cancellable && (
          <Button size="small" onClick={() => queue.cancel(id)} aria-label={`Cancel ${name}`}>
            Cancel
          </Button>
        )}
        {(state === "failed" || state === "rejected" || state === "cancelled") && (
          <IconButton label={`Remove ${name} from the list`} onClick={() => queue.dismiss(id)}>
            <X aria-hidden="true" />
          </IconButton>
        )}
      </div>
      {!compact && (cancellable || state === "starting") && (
        <Progress value={sent / size} label={`Upload of ${name}`} />
      )}
      {problem ? (
        <p role="alert" className="text-[13px] text-danger">
          {problem}
        </p>
      ) : (
        !compact && <p className="numbers text-[13px] text-muted">{status(upload)}</p>
      )}
    </li>
  );
}

function status({ state, sent, size, speed, offline }: Upload): string {
  if (state === "cancelled") return "Cancelled";
  if (state === "queued") return `${bytes(size)}, queued`;
  if (state === "starting") return "Uploaded, starting analysis";
  const progress = `${percent(sent / size)} of ${bytes(size)}`;
  if (offline) return `${progress}. Connection lost; the upload resumes automatically.`;
  return speed === null ? progress : `${progress} at ${bytes(speed)}/s, ${timeRemaining((size - sent) / speed)}`;
}
