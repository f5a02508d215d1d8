import { ButtonLink } from "@/design/button";
import { MessagePage } from "@/features/shell/message-page";

export default function NotFound() {
  return (
    <MessagePage title="There is no such page" text="The address may be mistyped, or the page has moved.">
      <ButtonLink href="/" look="primary">
        To the start
      </ButtonLink>
      <ButtonLink href="/dashboard/">Your analyses</ButtonLink>
    </MessagePage>
  );
}
