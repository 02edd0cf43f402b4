const GAP_PX = 8;
const EDGE_PX = 12;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Position of a panel: above or below its anchor, where there is more room, and inside the window. */
export function placeOf(options: {
  anchor: Box;
  panel: { width: number; height: number };
  window: { width: number; height: number };
}): {
  left: number;
  top: number;
} {
  const { anchor, panel, window } = options;
  const below = anchor.top + anchor.height + GAP_PX;
  const above = anchor.top - GAP_PX - panel.height;
  const fitsBelow = below + panel.height <= window.height - EDGE_PX;
  const moreRoomBelow = window.height - below > anchor.top;
  const centre = anchor.left + anchor.width / 2 - panel.width / 2;
  return {
    left: within(centre, EDGE_PX, window.width - EDGE_PX - panel.width),
    top: within(fitsBelow || moreRoomBelow ? below : above, EDGE_PX, window.height - EDGE_PX - panel.height),
  };
}

export function placeBeside({ panel, anchor }: { panel: HTMLElement; anchor: HTMLElement }): void {
  const button = anchor.firstElementChild ?? anchor;
  const { left, top } = placeOf({
    anchor: button.getBoundingClientRect(),
    panel: { width: panel.offsetWidth, height: panel.offsetHeight },
    window: { width: document.documentElement.clientWidth, height: innerHeight },
  });
  panel.style.left = `${left}px`;
  panel.style.top = `${top}px`;
}

function within(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
