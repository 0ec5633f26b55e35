import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";

export interface ButtonProps extends Omit<AriaButtonProps, "className"> {
  readonly look?: "primary" | "plain" | "quiet" | "danger";
  readonly shape?: "text" | "icon";
}

export function Button({ look = "plain", shape = "text", ...rest }: ButtonProps) {
  return <AriaButton {...rest} className={`button button-${look} button-${shape}`} />;
}
