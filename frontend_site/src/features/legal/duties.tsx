import { List } from "./section";

/** Duties of users who upload videos, shown at sign-up, before the first upload, and on the legal pages. */
export function Duties() {
  return (
    <List>
      <li>
        <strong className="font-medium">Permission.</strong> Upload only videos whose people you may analyze: yourself,
        people who have agreed, or material that you are entitled to use.
      </li>
      <li>
        <strong className="font-medium">Inform them.</strong> In the European Union, people exposed to emotion
        recognition must be informed that it is used (AI Act, Article 50(3)).
      </li>
      <li>
        <strong className="font-medium">Not at work or in education.</strong> There, inferring emotions is prohibited in
        the European Union, except for medical or safety reasons (AI Act, Article 5(1)(f)).
      </li>
    </List>
  );
}
