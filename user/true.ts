// true: does nothing, successfully.

export function main(_argc: i32, _argv: usize, _envp: usize): i32 {
  return 0;
}
