{
  "targets": [
    {
      "target_name": "weir",
      "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources.txt', 'utf8').trim()\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O3", "-fvisibility=hidden", "-fno-exceptions", "<!@(pkg-config --cflags libpcap zlib libzstd)"],
      "cflags_cc": [
        "-std=c++17", "-Wall", "-Wextra", "-Wshadow",
        "-isystem", "<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
      ],
      "cflags_cc!": ["-std=gnu++20", "-std=gnu++17", "-fno-rtti"],
      "libraries": ["<!@(pkg-config --libs libpcap zlib libzstd)"],
      "ldflags": ["-pthread"]
    }
  ]
}
