import type { ReactNode } from "react";

import { Mark } from "@/design/logo";

/** Full page with a single message. */
export function MessagePage({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <main className="mx-auto grid min-h-dvh max-w-md content-center justify-items-center gap-3 px-4 text-center">
      <Mark className="mb-2 size-10" />
      <h1 className="text-2xl">{title}</h1>
      <p className="text-muted">{text}</p>
      <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>
    </main>
  );
}
