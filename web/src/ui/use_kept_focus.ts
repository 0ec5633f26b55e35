import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

/**
 * The page itself, or what lies over it: a menu or a dialog, which stands beside it in the body.
 * Null: the body, where the focus is when nothing has it.
 */
function layerOf(element: Element | null): Element | null {
  let layer = element;
  while (layer && layer.parentElement !== document.body) layer = layer.parentElement;
  return layer;
}

/**
 * Keeps the keyboard where the user was: when the focused element inside `container` disappears
 * (its row was removed), the container takes the focus, instead of the top of the page. The same
 * when a menu or a dialog that was opened from there has the focus meanwhile: an uninstall can be
 * over before its confirmation has closed, and then there is no button to return to. Whether a
 * closing menu gives the focus back before the dialog takes it differs from time to time, so the
 * place is forgotten only when the focus goes elsewhere in the container's own layer. The container
 * needs tabIndex -1.
 */
export function useKeptFocus(container: RefObject<HTMLElement | null>): void {
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const follow = ({ target }: FocusEvent) => {
      if (!(target instanceof Element)) return;
      if (element.contains(target)) last.current = target;
      else if (layerOf(target) === layerOf(element)) last.current = null;
    };
    document.addEventListener("focusin", follow);
    return () => {
      document.removeEventListener("focusin", follow);
    };
  }, [container]);
  useLayoutEffect(() => {
    if (!last.current || last.current.isConnected) return;
    last.current = null;
    // What lies over the page makes it inert until it has closed: nothing there takes the focus.
    const isSettled = () => {
      const element = container.current;
      if (layerOf(document.activeElement) === null) element?.focus();
      return !element || layerOf(document.activeElement) === layerOf(element);
    };
    if (isSettled()) return;
    const observer = new MutationObserver(() => {
      if (isSettled()) observer.disconnect();
    });
    observer.observe(document.body, {
      childList: true,
      subtree: true,
      attributeFilter: ["inert", "aria-hidden"],
    });
  });
}
