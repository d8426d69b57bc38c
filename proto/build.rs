//! Makes the bindings from the interface files, with Rust tools alone.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=tfplugin6.proto");
    println!("cargo:rerun-if-changed=goplugin.proto");
    let files = protox::compile(["tfplugin6.proto", "goplugin.proto"], ["."])?;
    // The provider serves and the tests call, so both sides are generated.
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .compile_fds(files)?;
    Ok(())
}
