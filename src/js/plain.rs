//! Converts small plain data into a JavaScript value: Rust writes it as bytes, which plain.js reads in one call.
//!
//! serde-wasm-bindgen would need a call and a handle for each field, and 12 kB more code for the same structs.

use std::cell::Cell;
use std::fmt;

use serde::ser::{Error, Impossible, Serialize, Serializer};
use serde::ser::{SerializeSeq, SerializeStruct, SerializeTuple};
use wasm_bindgen::prelude::*;

use crate::policy::row::{Row, Sink, write};

#[wasm_bindgen(raw_module = "./plain.js")]
extern "C" {
    #[wasm_bindgen(js_name = recordAt)]
    fn read(record: *const u8) -> JsValue;
}

/// The tags that plain.js reads.
mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const NUMBER: u8 = 3;
    pub const TEXT: u8 = 4;
    pub const NAME: u8 = 5;
    pub const LIST: u8 = 6;
    pub const OBJECT: u8 = 7;
    pub const END: u8 = 8;
    /// A text that is read from its own place in memory.
    pub const SPAN: u8 = 9;
}

thread_local! {
    /// The buffer for records, which are written one at a time.
    static RECORD: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The longest record whose memory is kept for the next one, in bytes.
const KEPT: usize = 1 << 16;

/// An object that is written member by member. It must be read before the next call into the module.
pub struct Record(Writer);

impl Record {
    /// An object without members.
    pub fn new() -> Self {
        let mut writer = Writer::of_record();
        writer.bytes.push(tag::OBJECT);
        Record(writer)
    }

    /// Adds a member.
    #[inline(never)]
    pub fn add(&mut self, name: &'static str, data: &impl Serialize) {
        let _ = self.0.name(name);
        // None of the structs here has a field of a refused kind.
        let _ = data.serialize(&mut self.0);
    }

    /// Adds a number.
    #[inline(never)]
    pub fn number(&mut self, name: &'static str, number: f64) {
        let _ = self.0.name(name);
        let _ = self.0.number(number);
    }

    /// Adds a text, or null.
    #[inline(never)]
    pub fn text(&mut self, name: &'static str, text: Option<&str>) {
        self.add(name, &text);
    }

    /// Adds a yes or no.
    #[inline(never)]
    pub fn flag(&mut self, name: &'static str, flag: bool) {
        self.add(name, &flag);
    }

    /// Adds an object, to which `write` adds the members.
    pub fn object(&mut self, name: &'static str, write: impl FnOnce(&mut Self)) {
        let _ = self.0.name(name);
        self.0.bytes.push(tag::OBJECT);
        write(self);
        self.0.bytes.push(tag::END);
    }

    /// The object as a JavaScript value.
    pub fn into_js(self) -> JsValue {
        read(self.end())
    }

    /// The address at which plain.js reads the object.
    pub fn end(mut self) -> *const u8 {
        self.0.bytes.push(tag::END);
        self.0.end_record()
    }
}

impl Writer {
    fn of_record() -> Self {
        let mut bytes = RECORD.take();
        bytes.clear();
        bytes.shrink_to(KEPT);
        Writer { bytes }
    }

    #[inline(never)]
    fn end_record(self) -> *const u8 {
        let pointer = self.bytes.as_ptr();
        RECORD.set(self.bytes);
        pointer
    }
}

/// Plain data as a JavaScript value: `None` becomes null, and all numbers become JavaScript numbers.
pub fn to_js(data: &impl Serialize) -> JsValue {
    let mut writer = Writer::of_record();
    // None of the structs here has a field of a refused kind.
    let _ = data.serialize(&mut writer);
    read(writer.end_record())
}

/// A row of stored state as a JavaScript value.
#[inline(never)]
pub fn row_to_js(row: &mut dyn Row) -> JsValue {
    let mut writer = Writer::of_record();
    write(row, &mut writer);
    read(writer.end_record())
}

/// A writer refuses nothing of this.
impl Sink for Writer {
    fn name(&mut self, name: &'static str) {
        let _ = Writer::name(self, name);
    }

    fn number(&mut self, number: f64) {
        let _ = Writer::number(self, number);
    }

    fn text(&mut self, text: &str) {
        let _ = Writer::text(self, text);
    }

    fn flag(&mut self, flag: bool) {
        self.bytes.push(if flag { tag::TRUE } else { tag::FALSE });
    }

    fn null(&mut self) {
        self.bytes.push(tag::NULL);
    }

    fn begin(&mut self, is_list: bool) {
        self.bytes
            .push(if is_list { tag::LIST } else { tag::OBJECT });
    }

    fn end(&mut self, _: bool) {
        self.bytes.push(tag::END);
    }
}

/// The error for a kind of data that no struct here contains.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not plain")
    }
}

impl std::error::Error for Refused {}

impl Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Refused
    }
}

struct Writer {
    bytes: Vec<u8>,
}

type Done = Result<(), Refused>;

impl Writer {
    #[inline(never)]
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    #[inline(never)]
    fn tag(&mut self, tag: u8) -> Done {
        self.bytes.push(tag);
        Ok(())
    }

    #[inline(never)]
    fn number(&mut self, number: f64) -> Done {
        self.tag(tag::NUMBER)?;
        self.put(&number.to_le_bytes());
        Ok(())
    }

    #[inline(never)]
    fn text(&mut self, text: &str) -> Done {
        self.tag(tag::TEXT)?;
        self.put(&(text.len() as u32).to_le_bytes());
        self.put(text.as_bytes());
        Ok(())
    }

    fn name(&mut self, name: &'static str) -> Done {
        self.place(tag::NAME, name.as_bytes())
    }

    #[inline(never)]
    fn place(&mut self, tag: u8, text: &[u8]) -> Done {
        self.tag(tag)?;
        self.put(&(text.as_ptr() as u32).to_le_bytes());
        self.put(&(text.len() as u32).to_le_bytes());
        Ok(())
    }
}

/// Methods for numbers: JavaScript has only one kind.
macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Done {
            self.number(value as f64)
        })*
    };
}

/// Methods for kinds of data that no struct here contains.
macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $result:ty),* $(,)?) => {
        $(fn $method(self, $(_: $type),*) -> Result<$result, Refused> {
            Err(Refused)
        })*
    };
}

impl Serializer for &mut Writer {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), Refused>;
    type SerializeTupleVariant = Impossible<(), Refused>;
    type SerializeMap = Impossible<(), Refused>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Refused>;

    numbers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64
    );

    refused!(
        serialize_char(char) -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_tuple_struct(&'static str, usize) -> Impossible<(), Refused>,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Impossible<(), Refused>,
        serialize_map(Option<usize>) -> Impossible<(), Refused>,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Impossible<(), Refused>,
    );

    fn serialize_bool(self, value: bool) -> Done {
        self.tag(if value { tag::TRUE } else { tag::FALSE })
    }

    fn serialize_str(self, value: &str) -> Done {
        self.text(value)
    }

    fn serialize_bytes(self, text: &[u8]) -> Done {
        self.place(tag::SPAN, text)
    }

    fn serialize_unit(self) -> Done {
        self.tag(tag::NULL)
    }

    fn serialize_none(self) -> Done {
        self.tag(tag::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Done {
        self.name(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(Refused)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Refused> {
        self.tag(tag::LIST)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Refused> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Refused> {
        self.tag(tag::OBJECT)?;
        Ok(self)
    }
}

impl SerializeSeq for &mut Writer {
    type Ok = ();
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tag(tag::END)
    }
}

impl SerializeTuple for &mut Writer {
    type Ok = ();
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tag(tag::END)
    }
}

impl SerializeStruct for &mut Writer {
    type Ok = ();
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.name(name)?;
        value.serialize(&mut **self)
    }

    fn end(self) -> Done {
        self.tag(tag::END)
    }
}
