// The page's icons, drawn on a 20 x 20 grid with one stroke. Decorative: the text beside one, or
// the label of its button, says what it means.
const paths = {
  update: "M16.5 10a6.5 6.5 0 1 1-1.9-4.6M16.5 3v3h-3",
  market:
    "M3.5 8.5 5 3.5h10l1.5 5M3.5 8.5a2.2 2.2 0 0 0 4.3 0 2.2 2.2 0 0 0 4.4 0 2.2 2.2 0 0 0 4.3 0M4.5 11v5.5h11V11M8.5 16.5V13h3v3.5",
  close: "m5 5 10 10M15 5 5 15",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  alert: "M10 6.5v4.5M10 13.9v.1M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4Z",
  stop: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4ZM7 10h6",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm4 9.5 3.5 3.5",
  system: "M3 4.5h14v9H3zM7.5 16.5h5M10 13.5v3",
  light:
    "M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4ZM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M15.3 4.7l-1.1 1.1M5.8 14.2l-1.1 1.1",
  dark: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z",
  leave: "M8.5 3.5h-5v13h5M12.5 6.5 16 10l-3.5 3.5M16 10H7.5",
  more: "M10 5v.1M10 10v.1M10 15v.1",
  remove: "M4 6h12M8 6V3.8h4V6M5.5 6l.7 10.2h7.6L14.5 6M8.5 9v4.5M11.5 9v4.5",
  skill: "M10 2.8 16.2 6.4v7.2L10 17.2l-6.2-3.6V6.4L10 2.8ZM3.8 6.4 10 10m0 0 6.2-3.6M10 10v7.2",
  scenario: "M3.5 4h5v4h-5zM11.5 12h5v4h-5zM6 8v3.5A2.5 2.5 0 0 0 8.5 14h3M11.5 4h5v4h-5zM8.5 6h3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The hub's own mark: the same drawing as favicon.svg. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-ground" width="32" height="32" rx="8" />
      <path className="mark-lines" d="M16 16 8.5 9.5M16 16l8-5M16 16l-3.5 8.5M16 16l7 6" />
      <g className="mark-nodes">
        <circle cx="16" cy="16" r="4" />
        <circle cx="8.5" cy="9.5" r="2.2" />
        <circle cx="24" cy="11" r="2.2" />
        <circle cx="12.5" cy="24.5" r="2.2" />
        <circle cx="23" cy="22" r="2.2" />
      </g>
    </svg>
  );
}
