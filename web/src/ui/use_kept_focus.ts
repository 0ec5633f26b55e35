import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

/**
 * Keeps the keyboard where the user was: when the focused element inside `container` disappears
 * (its row was removed), the container takes the focus, instead of the top of the page. The
 * container needs tabIndex -1.
 */
export function useKeptFocus(container: RefObject<HTMLElement | null>): void {
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const remember = (event: FocusEvent) => {
      last.current = event.target instanceof Element ? event.target : null;
    };
    const forget = (event: FocusEvent) => {
      if (event.relatedTarget !== null) last.current = null;
    };
    element.addEventListener("focusin", remember);
    element.addEventListener("focusout", forget);
    return () => {
      element.removeEventListener("focusin", remember);
      element.removeEventListener("focusout", forget);
    };
  }, [container]);
  useLayoutEffect(() => {
    if (!last.current || last.current.isConnected) return;
    last.current = null;
    if (document.activeElement === document.body) container.current?.focus();
  });
}
