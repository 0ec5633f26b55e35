import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

const dialogs = "[role=dialog], [role=alertdialog]";

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(dialogs) !== null;
}

/**
 * Keeps the keyboard where the user was: when the focused element inside `container` disappears
 * (its row was removed), the container takes the focus, instead of the top of the page. The same
 * when a dialog that the element opened has the focus meanwhile: an uninstall can be over before
 * its confirmation has closed, and then there is no button to return to. The container needs
 * tabIndex -1.
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
      if (event.relatedTarget !== null && !isInDialog(event.relatedTarget)) last.current = null;
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
    const isSettled = () => {
      if (document.activeElement === document.body) container.current?.focus();
      return !isInDialog(document.activeElement);
    };
    if (isSettled()) return;
    const observer = new MutationObserver(() => {
      if (isSettled()) observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
}
