import { Card } from "@/design/card";

/** How to use the drop folder, which the operator sets up for an account. */
export function DropFolderCard() {
  return (
    <Card title="Drop folder">
      <div className="grid gap-2 text-sm text-muted">
        <p>
          Copy videos into your drop folder in S3 and each is analyzed; the result appears in your results folder under
          the same name. No code and no upload limit of the browser.
        </p>
        <p>
          The operator of this service opens a folder for your account. Analyses from it appear in your list, too,
          marked &ldquo;drop folder&rdquo;.
        </p>
      </div>
    </Card>
  );
}
