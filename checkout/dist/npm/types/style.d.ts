export declare function adoptStyle(): void;
