/** Ways out of a command. They are no errors: nobody prints them. */
class Levels {
  constructor(readonly levels: number) {}
}

export class BreakLoop extends Levels {
  outer(): BreakLoop {
    return new BreakLoop(this.levels - 1);
  }
}

export class ContinueLoop extends Levels {
  outer(): ContinueLoop {
    return new ContinueLoop(this.levels - 1);
  }
}

export class ReturnFunction {
  constructor(readonly status: number) {}
}

export class ExitShell {
  constructor(readonly status: number) {}
}
