"use client";

import { Button, ButtonLink } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

export default function PageError({ reset }: { error: Error; reset: () => void }) {
  return (
    <MessagePage
      title="Something went wrong"
      text="Your videos and results are safe. Try again, or reload the page if the problem persists."
    >
      <Button variant="primary" onClick={reset}>
        Try again
      </Button>
      <ButtonLink href="/dashboard/">Your analyses</ButtonLink>
    </MessagePage>
  );
}
