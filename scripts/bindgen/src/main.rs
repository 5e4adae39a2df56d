//! `hfetch-bindgen [--keep-names] WASM NAME FOLDER` writes NAME_bg.wasm, NAME_bg.js and NAME.js into a folder, in the form that
//! bundlers accept.

use std::env::args;
use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = args().skip(1).collect();
    let keep_names = arguments
        .first()
        .is_some_and(|first| first == "--keep-names");
    if keep_names {
        arguments.remove(0);
    }
    let [wasm, name, folder] = arguments.as_slice() else {
        return Err("hfetch-bindgen [--keep-names] WASM NAME FOLDER".into());
    };
    Bindgen::new()
        .input_path(wasm)
        .bundler(true)?
        .typescript(false)
        .out_name(name)
        .remove_name_section(!keep_names)
        .remove_producers_section(!keep_names)
        .generate(folder)?;
    Ok(())
}
