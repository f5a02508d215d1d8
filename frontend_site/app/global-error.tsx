"use client";

import "./globals.css";

import { Button } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

// Replaces the root layout when the layout itself throws.
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <MessagePage
          title="Something went wrong"
          text="Your videos and results are safe. Try again, or reload the page if the problem persists."
        >
          <Button variant="primary" onClick={reset}>
            Try again
          </Button>
        </MessagePage>
      </body>
    </html>
  );
}
