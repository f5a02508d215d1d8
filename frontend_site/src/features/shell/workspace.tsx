"use client";

import { LogOut } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";

import { IconButton } from "@/design/button";
import { cx } from "@/design/cx";
import { Logo } from "@/design/logo";
import { ThemeToggle } from "@/design/theme-toggle";
import { ToastProvider } from "@/design/toast";
import { Notifier } from "@/features/analyses/notifier";
import { EndedNotice } from "@/features/auth/ended-notice";
import { SignedIn, useSession } from "@/features/auth/session";
import { LegalLinks } from "@/features/legal/links";
import { UploadsProvider } from "@/features/uploads/provider";
import { UploadTray } from "@/features/uploads/tray";
import { QueryProvider } from "@/lib/query";

const LINKS = [
  { href: "/dashboard/", label: "Analyses", also: "/analysis/" },
  { href: "/developers/", label: "Developers", also: "/usage/" },
  { href: "/account/", label: "Account", also: "" },
];

/** Shell of the signed-in pages: session, uploads that continue across pages, and the top bar. */
export function Workspace({ children }: { children: ReactNode }) {
  return (
    <QueryProvider>
      <ToastProvider>
        <SignedIn>
          <UploadsProvider>
            <a
              href="#content"
              className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:m-2 focus:rounded-control focus:bg-surface focus:px-3 focus:py-2"
            >
              Skip to content
            </a>
            <EndedNotice />
            <TopBar />
            <main id="content" className="mx-auto w-full max-w-[85rem] px-4 py-6 sm:px-6">
              {children}
            </main>
            <UploadTray />
            <Notifier />
            <footer className="mx-auto w-full max-w-[85rem] px-4 pb-6 sm:px-6">
              <LegalLinks />
            </footer>
          </UploadsProvider>
        </SignedIn>
      </ToastProvider>
    </QueryProvider>
  );
}

function TopBar() {
  const path = usePathname();
  const { email, signOut } = useSession();
  return (
    <header className="border-b border-line bg-surface print:hidden">
      <div className="mx-auto flex max-w-[85rem] flex-wrap items-center gap-x-6 gap-y-1 px-4 pt-2 sm:px-6 md:pb-2">
        <Logo href="/dashboard/" />
        <div className="ml-auto flex items-center gap-1 md:order-last">
          <span className="mr-2 hidden max-w-[16rem] truncate text-[13px] text-muted lg:inline">{email}</span>
          <ThemeToggle />
          <IconButton label="Sign out" onClick={() => void signOut()}>
            <LogOut aria-hidden="true" />
          </IconButton>
        </div>
        <nav aria-label="Main" className="-mx-2 flex w-full gap-1 md:w-auto">
          {LINKS.map(({ href, label, also }) => {
            const active = path === href || path === also;
            return (
              <Link
                key={href}
                href={href}
                aria-current={active ? "page" : undefined}
                className={cx(
                  "border-b-2 px-2 py-2 text-sm md:rounded-control md:border-0 md:px-3 md:py-1.5",
                  active
                    ? "border-accent font-medium text-text md:bg-hover"
                    : "border-transparent text-muted hover:text-text",
                )}
              >
                {label}
              </Link>
            );
          })}
          <a
            href="/docs/"
            className="border-b-2 border-transparent px-2 py-2 text-sm text-muted hover:text-text md:px-3 md:py-1.5"
          >
            API<span className="max-sm:sr-only"> reference</span>
          </a>
        </nav>
      </div>
    </header>
  );
}
