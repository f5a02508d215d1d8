import type { ReactNode } from "react";

import { Workspace } from "@/features/shell/workspace";
import { preloadSiteConfig } from "@/lib/config";

export default function WorkspaceLayout({ children }: { children: ReactNode }) {
  preloadSiteConfig();
  return <Workspace>{children}</Workspace>;
}
