# Every foreign library, found once. CMAKE_PREFIX_PATH wins over what scripts/setup.sh put into .deps/.
set(WINNOW_DEPS ${CMAKE_SOURCE_DIR}/.deps)

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness lets ccache serve precompiled headers; the base lets it serve another clone of the same sources.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.81 REQUIRED)
# Debian's OpenCV configuration comes only with all of OpenCV and its 140 libraries; two parts are enough here.
find_path(OPENCV_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc)
  find_library(OPENCV_${part}_LIBRARY opencv_${part} REQUIRED)
  add_library(opencv_${part} INTERFACE)
  target_include_directories(opencv_${part} SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
  target_link_libraries(opencv_${part} INTERFACE ${OPENCV_${part}_LIBRARY})
endforeach()
find_package(JPEG REQUIRED)
find_package(GIF REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(library spng libwebp libwebpdemux libavif gumbo)
  pkg_check_modules(${library} REQUIRED IMPORTED_TARGET ${library})
endforeach()
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_writer.hpp REQUIRED)
add_library(protozero INTERFACE)
target_include_directories(protozero SYSTEM INTERFACE ${PROTOZERO_INCLUDE_DIR})

find_package(GTest REQUIRED)
include(GoogleTest)

find_package(OpenVINO REQUIRED COMPONENTS Runtime HINTS ${WINNOW_DEPS}/openvino/cmake)
set(CMAKE_MESSAGE_LOG_LEVEL ERROR)  # it warns of a profiler library that the CPU build has inside
find_package(Torch REQUIRED HINTS ${WINNOW_DEPS}/libtorch/share/cmake/Torch)
unset(CMAKE_MESSAGE_LOG_LEVEL)
# LibTorch's include folder also holds another fmt: it is searched last, so that ours is found first.
foreach(target torch torch_library c10 torch_cpu)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "" INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "")
  endif()
endforeach()
add_library(winnow_torch INTERFACE)
target_link_libraries(winnow_torch INTERFACE ${TORCH_LIBRARIES})
foreach(directory ${TORCH_INCLUDE_DIRS})
  target_compile_options(winnow_torch INTERFACE "SHELL:-idirafter ${directory}")
endforeach()
