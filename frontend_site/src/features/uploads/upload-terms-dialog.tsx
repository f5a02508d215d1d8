"use client";

import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Note } from "@/design/feedback";
import { Duties } from "@/features/legal/duties";
import { count } from "@/lib/format";

interface Props {
  files: number;
  busy: boolean;
  problem: string | null;
  onAccept: () => void;
  onClose: () => void;
}

/** Dialog in which a user confirms that they may analyze the people shown. */
export function UploadTermsDialog({ files, busy, problem, onAccept, onClose }: Props) {
  return (
    <Dialog title="Before your first upload" onClose={onClose}>
      <form
        className="grid gap-4 text-sm"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onAccept();
        }}
      >
        <Duties />
        <label className="flex items-start gap-2.5 rounded-control border border-line p-3 font-medium">
          <input type="checkbox" required className="mt-0.5 size-4 shrink-0" />
          <span>
            I may analyze the people shown in the videos that I upload, and I inform them where the law requires it.
          </span>
        </label>
        {problem && <Note tone="problem">{problem}</Note>}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={busy}>
            Confirm and upload {count(files, "file")}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
        <p className="text-[13px] text-muted">You confirm this once per account.</p>
      </form>
    </Dialog>
  );
}
