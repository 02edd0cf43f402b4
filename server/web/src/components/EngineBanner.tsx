import type { TranscriptionStatus } from '@parley/client-sdk';

/** Says loudly what people must know of the recogniser: a demo model, one that is missing, one that is not as asked. */
export function EngineBanner({ transcription }: { transcription: TranscriptionStatus }) {
  const { state, model, reason, degradation } = transcription;
  return (
    <>
      {model.demo ? (
        <p className="banner" data-testid="demo-banner">
          <strong>Demo model.</strong> It understands a few synthetic voices only, not people: what you say will be
          written down as confident nonsense.
        </p>
      ) : null}
      {state === 'starting' ? <p className="banner">The recogniser is starting; captions will follow.</p> : null}
      {state === 'unavailable' ? (
        <p className="banner bad">There are no captions now: {reason ?? 'the recogniser cannot run'}</p>
      ) : null}
      {degradation === undefined ? null : (
        <p className="banner" role="status" data-testid="degraded">
          {degradation.reason}
        </p>
      )}
      {state === 'ready' && reason !== undefined ? <p className="banner">{reason}</p> : null}
    </>
  );
}
