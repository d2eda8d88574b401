// The functions of relay.asm.ts.

export declare function roundBegins(): void;
export declare function interruptionComes(): void;
