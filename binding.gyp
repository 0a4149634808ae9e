{
  "targets": [
    {
      "target_name": "weir",
      "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources.txt', 'utf8').trim()\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O3", "-ffp-contract=off", "-fvisibility=hidden", "-fno-exceptions"],
      "cflags_cc": [
        "-std=c++17", "-Wall", "-Wextra", "-Wshadow",
        "-isystem", "<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
      ],
      "cflags_cc!": ["-std=gnu++20", "-std=gnu++17", "-fno-rtti"],
      "ldflags": ["-pthread"],
      "conditions": [
        ["OS=='win'", {
          # Never tried: the addon for Windows is made by ../scripts/build-win.sh. zlib is Node's own here.
          "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources-windows.txt', 'utf8').replace('native/addon/delay_hook_windows.cc', '').trim()\")"],
          "include_dirs": ["<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"],
          "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN", "UNICODE", "_WIN32_WINNT=0x0A00"],
          "msbuild_toolset": "ClangCL",
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"] } }
        }, {
          "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources-posix.txt', 'utf8').trim()\")"],
          "cflags": ["<!@(pkg-config --cflags libpcap zlib libzstd)"],
          "libraries": ["<!@(pkg-config --libs libpcap zlib libzstd)"]
        }],
        # The last worker that loaded it would unmap it when it ends, under capture threads that are still on their way out.
        ["OS=='linux'", { "ldflags": ["-Wl,-z,nodelete"] }]
      ]
    }
  ],
  "conditions": [
    ["'<!(sh native/dpi/find-ndpi.sh)'=='found'", {
      "targets": [
        {
          # Not .node: node-gyp-build and prebuildify take the first file of that name in build/Release for the package's
          # addon. (The extension of a loadable_module is fixed; to the linker both types are the same.)
          "target_name": "weir_dpi",
          "type": "shared_library",
          "product_extension": "addon",
          "sources": ["<!@(node -p \"require('fs').readFileSync('native/dpi/sources.txt', 'utf8').trim()\")"],
          "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
          "cflags": ["-O3", "-fvisibility=hidden", "-fno-exceptions"],
          "cflags_cc": [
            "-std=c++17", "-Wall", "-Wextra", "-Wshadow",
            "-isystem", "<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")",
            "<!@(pkg-config --cflags libndpi | sed 's/-I/-isystem /g')"
          ],
          "cflags_cc!": ["-std=gnu++20", "-std=gnu++17", "-fno-rtti"],
          "libraries": ["<!@(pkg-config --libs libndpi)"],
          "ldflags": ["-pthread"],
          "conditions": [
            # libndpi keeps the addresses of the functions that count its memory, so they stay when the addon goes.
            ["OS=='linux'", { "ldflags": ["-Wl,-z,nodelete"] }],
            ["OS=='mac'", { "xcode_settings": { "OTHER_LDFLAGS": ["-undefined dynamic_lookup"] } }]
          ]
        }
      ]
    }]
  ]
}
