/** The pictures, in the order in which they are taken. */
export const PICTURES = ['lobby', 'call', 'dark', 'contrast', 'phone', 'transcript'] as const;
export type Picture = (typeof PICTURES)[number];

/**
 * A picture is taken when captions show these words, while someone speaks; at the latest this long after the words before were shown,
 * because the recogniser may write them differently.
 */
export interface Moment {
  words: string;
  latestMs: number;
}

export interface Scenes {
  moments: Record<Exclude<Picture, 'lobby'>, Moment>;
  /** Search term for the transcript at the end: said by then. */
  search: string;
}

/** The scenes of each meeting. */
export const SCENES = {
  people: {
    moments: {
      call: { words: 'apostle of the middle', latestMs: 60_000 },
      dark: { words: 'prudently', latestMs: 12_000 },
      contrast: { words: 'country can do', latestMs: 16_000 },
      phone: { words: 'rather selfish', latestMs: 12_000 },
      transcript: { words: 'amiable woman', latestMs: 14_000 },
    },
    search: 'Quilter',
  },
  synthetic: {
    moments: {
      call: { words: 'price of the', latestMs: 60_000 },
      dark: { words: 'cancel the', latestMs: 8_000 },
      contrast: { words: 'supplier about', latestMs: 7_000 },
      phone: { words: 'call them', latestMs: 6_000 },
      transcript: { words: 'call the supplier', latestMs: 7_000 },
    },
    search: 'supplier',
  },
} as const satisfies Record<string, Scenes>;

export type PicturedMeeting = keyof typeof SCENES;
