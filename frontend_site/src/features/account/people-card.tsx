"use client";

import { useState } from "react";

import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { Failure, Note } from "@/design/feedback";
import { useChangePeopleSetting, usePeopleSetting } from "@/features/people/api";

/** Setting that has people told apart. It compares voices, so the owner confirms a lawful basis first. */
export function PeopleSettingCard() {
  const { data: on, error, refetch } = usePeopleSetting();
  const change = useChangePeopleSetting();
  return (
    <div id="people" className="scroll-mt-5">
      <Card
        title="People in videos"
        aside={<p className="text-[13px] text-muted">{on === undefined ? "" : on ? "On" : "Off"}</p>}
      >
        <Explanation />
        {error && <Failure message={explain(error)} onRetry={() => void refetch()} />}
        {change.error && (
          <Note tone="problem" className="mb-4">
            {explain(change.error)}
          </Note>
        )}
        {on === false && <TurnOn busy={change.isPending} onConfirm={() => change.mutate(true)} />}
        {on && (
          <div className="grid gap-2">
            <p className="text-sm">You have confirmed that you have a lawful basis.</p>
            <Button className="justify-self-start" busy={change.isPending} onClick={() => change.mutate(false)}>
              Stop telling people apart
            </Button>
            <p className="text-[13px] text-muted">
              Turning it off applies to new analyses. To remove the people of earlier ones, delete those analyses.
            </p>
          </div>
        )}
      </Card>
    </div>
  );
}

function Explanation() {
  return (
    <div className="mb-4 grid gap-3 text-sm text-muted">
      <p>
        Shows who said what: each utterance gets a speaker, and each person a summary of emotions. Applies to new
        analyses, from the web app and the API.
      </p>
      <ul className="grid list-disc gap-1 pl-5">
        <li>Voices are compared within one video, in memory. The voice embeddings are never stored.</li>
        <li>People are never compared across videos, and nobody can be searched for.</li>
        <li>Names that you give are stored with the analysis and deleted with it. Thumbnails stay in your browser.</li>
      </ul>
      <p>
        Voice embeddings are biometric data. Laws such as GDPR Article 9 and BIPA (Illinois) apply: you usually need the
        explicit consent of everyone who speaks.
      </p>
    </div>
  );
}

function TurnOn({ busy, onConfirm }: { busy: boolean; onConfirm: () => void }) {
  const [confirmed, setConfirmed] = useState(false);
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (confirmed && !busy) onConfirm();
      }}
    >
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          checked={confirmed}
          onChange={(event) => setConfirmed(event.target.checked)}
          className="mt-0.5 size-4 shrink-0 accent-accent-fill"
        />
        I confirm that I have a lawful basis to process the voices of the people in my videos.
      </label>
      <Button type="submit" variant="primary" busy={busy} disabled={!confirmed} className="justify-self-start">
        Tell people apart
      </Button>
    </form>
  );
}
