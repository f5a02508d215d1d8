import { ButtonLink } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

export default function NotFound() {
  return (
    <MessagePage title="Page not found" text="Check the address, or go back to the home page.">
      <ButtonLink href="/" variant="primary">
        Go to home page
      </ButtonLink>
      <ButtonLink href="/dashboard/">Your analyses</ButtonLink>
    </MessagePage>
  );
}
