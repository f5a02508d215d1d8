import Link from "next/link";

import {
  ACCESS_LOG_DAYS,
  ANALYSIS_DAYS,
  AUDIT_LOG_DAYS,
  BACKUP_DAYS,
  OLD_VERSION_DAYS,
  TOMBSTONE_DAYS,
  UNDO_MINUTES,
  UPLOAD_HOURS,
} from "@/lib/retention";

import { Duties } from "./duties";
import { List, Section } from "./section";

interface Row {
  data: string;
  period: string;
  place: string;
}

const ROWS: Row[] = [
  {
    data: "Videos, transcripts and results",
    period: `${ANALYSIS_DAYS.free} days on the free plan, ${ANALYSIS_DAYS.pro} on pro, ${ANALYSIS_DAYS.business} on business. The date is shown with each analysis.`,
    place: "Private S3 buckets in the operator's AWS account, encrypted at rest",
  },
  {
    data: "Uploads without an analysis",
    period: `At most ${UPLOAD_HOURS} hours`,
    place: "The same S3 bucket as videos",
  },
  {
    data: "Email address and password verifier",
    period: "Until you delete the account",
    place: "Amazon Cognito. The password itself never leaves your browser.",
  },
  {
    data: "Plan, usage, webhook, API keys",
    period: "Until you delete the account",
    place: "DynamoDB, encrypted at rest. Only a hash of each key's secret is stored.",
  },
  {
    data: "Activity: sign-ins, changes of keys, deletions",
    period: `${AUDIT_LOG_DAYS} days`,
    place: "DynamoDB; you see it on your account page",
  },
  {
    data: "Access logs: IP address, time and path",
    period: `Up to ${ACCESS_LOG_DAYS} days`,
    place: "CloudWatch and S3. They contain no words of any video.",
  },
];

/** Privacy page: what is kept, where, for how long, who has access, and how it is deleted. */
export function Privacy() {
  return (
    <>
      <div className="grid gap-2">
        <h1 className="text-3xl">Privacy</h1>
        <p className="text-muted">
          What this service keeps about you and the people in your videos. The operator of this deployment is
          responsible for the data, and adds their name and address here before offering the service to others.
        </p>
      </div>
      <Section title="What is kept, where and for how long">
        <dl className="card divide-y divide-line">
          {ROWS.map(({ data, period, place }) => (
            <div key={data} className="grid gap-x-6 gap-y-1 px-4 py-3 sm:grid-cols-[2fr_3fr]">
              <dt className="font-medium">{data}</dt>
              <dd className="grid gap-1 text-sm">
                <span>{period}</span>
                <span className="text-muted">{place}</span>
              </dd>
            </div>
          ))}
        </dl>
        <p className="text-sm text-muted">
          If the service runs on one machine (make up), all of this is kept in a folder on that machine instead.
        </p>
      </Section>
      <Section title="Who has access">
        <List>
          <li>You, and programs with your API keys. Other accounts have no access.</li>
          <li>
            The server at your webhook URL, if you set one. It receives the status and a summary of each analysis.
          </li>
          <li>
            The operator&apos;s administrators, as far as they need it to run the service. Their commands are logged.
          </li>
          <li>AWS, which hosts the service. No other company receives your videos or results.</li>
          <li>Videos and results are not used to train models.</li>
        </List>
      </Section>
      <Section title="Deletion">
        <List>
          <li>
            <strong className="font-medium">Analysis:</strong> you can restore it for {UNDO_MINUTES} minutes; then its
            video and result are deleted. Its id and dates remain for {TOMBSTONE_DAYS} days.
          </li>
          <li>
            <strong className="font-medium">Account:</strong> delete it on the{" "}
            <Link href="/account/" prefetch={false} className="text-accent underline">
              account page
            </Link>
            , where you can first export your data. Sign-in, sessions and API keys stop working at once. Videos, results
            and records are deleted, usually within minutes; the account&apos;s id and dates remain for {TOMBSTONE_DAYS}{" "}
            days.
          </li>
          <li>
            <strong className="font-medium">Backups</strong> of records expire within {BACKUP_DAYS} days, old versions
            of files within {OLD_VERSION_DAYS} days.
          </li>
        </List>
      </Section>
      <Section title="In your browser">
        <p>
          No tracking and no third-party requests except to AWS. The session is kept in the browser&apos;s session
          storage, is passed only to open tabs of this site, and ends when you sign out or close the last one. Your
          color scheme and your choice about notifications are kept in local storage.
        </p>
      </Section>
      <Section title="People in videos">
        <p>
          Faces and voices are analyzed to predict apparent emotion. Nobody is identified: faces and voices are compared
          with no database. If you appear in a video, ask the person who uploaded it, or the operator, for access or
          deletion.
        </p>
        <Duties />
      </Section>
    </>
  );
}
