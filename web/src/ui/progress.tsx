import { ProgressBar } from "react-aria-components";

/** A bar; `value` 0..100, null when nobody knows. */
export function Progress({
  value,
  label,
}: {
  readonly value: number | null;
  readonly label: string;
}) {
  return (
    <ProgressBar
      className="progress"
      aria-label={label}
      value={value ?? 0}
      isIndeterminate={value === null}
    >
      {({ percentage, isIndeterminate }) => (
        // An SVG rather than a styled width: nothing here needs a style attribute.
        <svg className="progress-track" preserveAspectRatio="none" viewBox="0 0 100 4">
          <rect
            className={isIndeterminate ? "progress-fill progress-unknown" : "progress-fill"}
            width={isIndeterminate ? 35 : (percentage ?? 0)}
            height="4"
          />
        </svg>
      )}
    </ProgressBar>
  );
}
