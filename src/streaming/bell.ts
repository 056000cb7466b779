/** Lets one wait for what others tell it of. A ring that nobody waits for is kept for the next who does; several are one. */
export class Bell {
  private rung = false;
  private answer?: () => void;

  ring(): void {
    this.rung = true;
    this.answer?.();
  }

  /** Resolves at the next ring, or when the time is up. */
  async wait(millis: number): Promise<void> {
    if (!this.rung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, millis);
        this.answer = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.answer = undefined;
    this.rung = false;
  }
}
