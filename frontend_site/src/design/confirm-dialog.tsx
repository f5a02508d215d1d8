import type { ReactNode } from "react";

import { Button } from "./button";
import { Dialog } from "./dialog";

interface ConfirmProps {
  title: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Confirmation of an action that cannot be undone. */
export function ConfirmDialog({ title, action, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-sm text-muted">{children}</p>
      <div className="mt-5 flex gap-2">
        <Button variant="danger" onClick={onConfirm}>
          {action}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </Dialog>
  );
}
