"use client";

import { X } from "lucide-react";
import { createContext, use, useCallback, useState, type ReactNode } from "react";

import { Button, IconButton } from "./button";

interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const DURATION = 10_000; // milliseconds
const ToastContext = createContext<(text: string, action?: Toast["action"]) => void>(() => undefined);

/** Return a function that shows a message at the bottom for ten seconds, with an optional action. */
export function useToast() {
  return use(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const dismiss = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (text: string, action?: Toast["action"]) => {
      const id = Date.now() + Math.random();
      setToasts((all) => [...all.slice(-2), { id, text, action }]);
      setTimeout(() => dismiss(id), DURATION);
    },
    [dismiss],
  );
  return (
    <ToastContext value={show}>
      {children}
      <div role="status" className="fixed inset-x-4 bottom-4 z-20 mx-auto grid max-w-md gap-2">
        {toasts.map((toast) => (
          <div key={toast.id} className="card flex items-center gap-3 py-2 pr-2 pl-4 text-sm shadow-float">
            <p className="min-w-0 flex-1">{toast.text}</p>
            {toast.action && (
              <Button
                size="small"
                onClick={() => {
                  toast.action?.run();
                  dismiss(toast.id);
                }}
              >
                {toast.action.label}
              </Button>
            )}
            <IconButton label="Dismiss" onClick={() => dismiss(toast.id)}>
              <X />
            </IconButton>
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
