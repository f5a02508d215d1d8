"use client";

import "./globals.css";

import { Button } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

// Replaces the root layout where that itself fails.
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <MessagePage
          title="This page failed"
          text="Nothing was lost on the server. Try again; if it keeps failing, reload the page."
        >
          <Button look="primary" onClick={reset}>
            Try again
          </Button>
        </MessagePage>
      </body>
    </html>
  );
}
