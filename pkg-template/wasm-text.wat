;; The decoder that wasm-text.js runs. wasm-text.js puts three tables into its memory: the values, in rows of 128; by how much the
;; output moves on after a character; and the row in which the next character is looked up. The loop has no other branch, and each
;; turn decodes four characters: this code runs once, before an engine has optimised it, and writes all locals back at each turn.
(module
  (memory (export "memory") 1)
  ;; Decodes the characters from $at to $end in place; gives the end of the bytes. After $end come three zeros or more,
  ;; which move nothing on.
  (func (export "decode") (param $at i32) (param $end i32) (result i32)
    (local $to i32) (local $row i32) (local $code i32)
    (local.set $to (local.get $at))
    (loop $next
      (local.set $code (i32.load8_u (local.get $at)))
      (i32.store8 (local.get $to) (i32.load8_u (i32.add (local.get $row) (local.get $code))))
      (local.set $to (i32.add (local.get $to) (i32.load8_u offset=384 (local.get $code))))
      (local.set $row (i32.shl (i32.load8_u offset=512 (local.get $code)) (i32.const 7)))

      (local.set $code (i32.load8_u offset=1 (local.get $at)))
      (i32.store8 (local.get $to) (i32.load8_u (i32.add (local.get $row) (local.get $code))))
      (local.set $to (i32.add (local.get $to) (i32.load8_u offset=384 (local.get $code))))
      (local.set $row (i32.shl (i32.load8_u offset=512 (local.get $code)) (i32.const 7)))

      (local.set $code (i32.load8_u offset=2 (local.get $at)))
      (i32.store8 (local.get $to) (i32.load8_u (i32.add (local.get $row) (local.get $code))))
      (local.set $to (i32.add (local.get $to) (i32.load8_u offset=384 (local.get $code))))
      (local.set $row (i32.shl (i32.load8_u offset=512 (local.get $code)) (i32.const 7)))

      (local.set $code (i32.load8_u offset=3 (local.get $at)))
      (i32.store8 (local.get $to) (i32.load8_u (i32.add (local.get $row) (local.get $code))))
      (local.set $to (i32.add (local.get $to) (i32.load8_u offset=384 (local.get $code))))
      (local.set $row (i32.shl (i32.load8_u offset=512 (local.get $code)) (i32.const 7)))

      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
    (local.get $to)))
