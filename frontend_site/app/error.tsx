"use client";

import { Button, ButtonLink } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

export default function PageError({ reset }: { error: Error; reset: () => void }) {
  return (
    <MessagePage
      title="This page failed"
      text="Nothing was lost on the server. Try again; if it keeps failing, reload the page."
    >
      <Button look="primary" onClick={reset}>
        Try again
      </Button>
      <ButtonLink href="/dashboard/">Your analyses</ButtonLink>
    </MessagePage>
  );
}
