import type { ReactNode } from "react";

import { Logo } from "@/design/logo";
import { ThemeToggle } from "@/design/theme-toggle";
import { LegalLinks } from "@/features/legal/links";
import { preloadSiteConfig } from "@/lib/config";

export default function EntryLayout({ children }: { children: ReactNode }) {
  preloadSiteConfig();
  return (
    <div className="mx-auto flex min-h-dvh max-w-[27rem] flex-col px-4 py-6">
      <header className="flex items-center justify-between">
        <Logo />
        <ThemeToggle />
      </header>
      <main className="card my-auto p-6 sm:p-8">{children}</main>
      <footer className="flex justify-center pt-4">
        <LegalLinks />
      </footer>
    </div>
  );
}
