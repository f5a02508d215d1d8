import type { ReactNode } from "react";

import { Workspace } from "@/features/shell/workspace";

export default function WorkspaceLayout({ children }: { children: ReactNode }) {
  return <Workspace>{children}</Workspace>;
}
