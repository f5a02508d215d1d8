"use client";

import { Share2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { Button } from "@/design/button";

const ShareDialog = lazy(async () => ({ default: (await import("./share-dialog")).ShareDialog }));

interface Props {
  id: string;
  name: string;
}

/** Button that opens the dialog for the links to an analysis. */
export function ShareButton({ id, name }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        <Share2 className="size-4" aria-hidden="true" />
        Share
      </Button>
      <Suspense>{open && <ShareDialog id={id} name={name} onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}
