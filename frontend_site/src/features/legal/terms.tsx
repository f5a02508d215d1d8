import { Note } from "@/design/feedback";

import { Duties } from "./duties";
import { List, Section } from "./section";

/** Terms page: a placeholder with what the product itself requires. */
export function Terms() {
  return (
    <>
      <div className="grid gap-4">
        <h1 className="text-3xl">Terms</h1>
        <Note tone="warning">
          This is a placeholder. The operator replaces it with their own terms before offering the service to others.
        </Note>
      </div>
      <Section title="Your duties">
        <Duties />
      </Section>
      <Section title="The results">
        <List>
          <li>They are predictions of apparent emotion: how a person looks and sounds, not what they feel.</li>
          <li>They are often wrong. Do not use them to make decisions about people.</li>
          <li>The starter model is licensed for research and evaluation only.</li>
        </List>
      </Section>
    </>
  );
}
