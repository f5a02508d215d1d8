import type { ReactNode } from "react";

import { Logo } from "@/design/logo";
import { ThemeToggle } from "@/design/theme-toggle";
import { LegalLinks } from "@/features/legal/links";

export default function LegalLayout({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto flex min-h-dvh max-w-[46rem] flex-col px-4 py-6">
      <header className="flex items-center justify-between">
        <Logo />
        <ThemeToggle />
      </header>
      <main className="grid gap-8 py-10">{children}</main>
      <footer className="mt-auto border-t border-line pt-4">
        <LegalLinks />
      </footer>
    </div>
  );
}
