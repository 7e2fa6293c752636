/**
 * The kernels as functions of JavaScript, through Node-API alone (https://nodejs.org/api/n-api.html). This file is compiled
 * for any processor of its kind; only the kernels need what `isSupported` asks for.
 */
#include <node_api.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <tuple>
#include <type_traits>
#include <utility>
#include "kernels.hpp"
#include "pages.hpp"

namespace dien {
namespace {

#if defined(__x86_64__)
#define VECTORS "AVX2"

/** Whether the processor has AVX2 and the system saves its registers (Intel's manual, volume 1, 14.7.1). */
bool isSupported() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
  unsigned saved, upper;
  __asm__("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
  const unsigned registers = 6;  // of 128 bits and of 256
  return (saved & registers) == registers && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}
#else
#define VECTORS "NEON"

/** Every processor of this kind has it. */
bool isSupported() { return true; }
#endif

/** An argument of a kernel. Offsets become addresses, 0 the null pointer. */
template <class T>
T argument(napi_env env, napi_value value, char* base) {
  if constexpr (std::is_pointer_v<T>) {
    uint32_t offset = 0;
    napi_get_value_uint32(env, value, &offset);
    return offset == 0 ? nullptr : reinterpret_cast<T>(base + offset);
  } else if constexpr (std::is_same_v<T, Offset>) {
    uint32_t offset = 0;
    napi_get_value_uint32(env, value, &offset);
    return {offset};
  } else if constexpr (std::is_same_v<T, int>) {
    int32_t number = 0;
    napi_get_value_int32(env, value, &number);
    return number;
  } else {
    double number = 0;
    napi_get_value_double(env, value, &number);
    return static_cast<T>(number);
  }
}

template <class Result, class Call>
napi_value answer(napi_env env, const Call& call) {
  if constexpr (std::is_void_v<Result>) {
    call();
    return nullptr;
  } else {
    napi_value result;
    napi_create_double(env, call(), &result);
    return result;
  }
}

template <auto Kernel, class Result, class... Arguments, size_t... Place>
napi_value callWith(napi_env env, napi_callback_info info, Result (*)(Arguments...), std::index_sequence<Place...>) {
  size_t count = sizeof...(Arguments);
  napi_value given[sizeof...(Arguments)];
  void* base;
  napi_get_cb_info(env, info, &count, given, nullptr, &base);
  return answer<Result>(env, [&] { return Kernel(argument<Arguments>(env, given[Place], static_cast<char*>(base))...); });
}

template <auto Kernel, class Result, class... Arguments, size_t... Place>
napi_value callWith(napi_env env, napi_callback_info info, Result (*)(Memory, Arguments...),
                    std::index_sequence<0, Place...>) {
  size_t count = sizeof...(Arguments);
  napi_value given[sizeof...(Arguments)];
  void* base;
  napi_get_cb_info(env, info, &count, given, nullptr, &base);
  const Memory memory = {static_cast<char*>(base)};
  return answer<Result>(env, [&] { return Kernel(memory, argument<Arguments>(env, given[Place - 1], memory.base)...); });
}

template <class Result, class... Arguments>
constexpr auto places(Result (*)(Arguments...)) {
  return std::index_sequence_for<Arguments...>{};
}

template <auto Kernel>
napi_value called(napi_env env, napi_callback_info info) {
  return callWith<Kernel>(env, info, Kernel, places(Kernel));
}

struct Entry {
  const char* name;
  napi_callback callback;
};

#define ENTRY(name) {#name, called<&name>}
const Entry ENTRIES[] = {
    ENTRY(gemmNN),       ENTRY(gemmNT),       ENTRY(gemmTN),        ENTRY(transpose),
    ENTRY(fill),         ENTRY(copyRows),     ENTRY(scale),         ENTRY(multiply),
    ENTRY(rowDot),       ENTRY(rowScale),     ENTRY(columnSums),    ENTRY(sigmoid),
    ENTRY(sigmoidBackward), ENTRY(preluForward), ENTRY(preluBackward), ENTRY(moments),
    ENTRY(diceForward),  ENTRY(diceBackward), ENTRY(crossEntropy),  ENTRY(gruForward),
    ENTRY(sumSteps),     ENTRY(spreadSteps),  ENTRY(dotSteps),
    ENTRY(precedingSteps), ENTRY(addPrecedingSteps), ENTRY(gruBackward),  ENTRY(softmaxSteps), ENTRY(softmaxStepsBackward),
    ENTRY(gatherSteps),  ENTRY(addSteps),     ENTRY(gatherRows),    ENTRY(addRows),
    ENTRY(gatherBags),   ENTRY(linkRows),     ENTRY(linkBags),      ENTRY(sumLinkedRows),
    ENTRY(sumShards),    ENTRY(adam),         ENTRY(adamRows),
    ENTRY(peak),
};

/** load(bytes): the kernels over the memory of which `bytes` is a view; undefined where the processor cannot run them. */
napi_value load(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value view;
  napi_get_cb_info(env, info, &count, &view, nullptr, nullptr);
  void* base = nullptr;
  size_t bytes = 0;
  if (napi_get_typedarray_info(env, view, nullptr, &bytes, &base, nullptr, nullptr) != napi_ok) {
    napi_throw_type_error(env, nullptr, "expected a typed array over the linear memory");
    return nullptr;
  }
  if (!isSupported()) return nullptr;
  askForLargePages(base, bytes);
  napi_value kernels;
  napi_create_object(env, &kernels);
  for (const Entry& entry : ENTRIES) {
    napi_value function;
    napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.callback, base, &function);
    napi_set_named_property(env, kernels, entry.name, function);
  }
  return kernels;
}

void setText(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, name, value);
}

}  // namespace
}  // namespace dien

/** exports: `sources`, of which it is made; `vectors`, which it needs; `load`. */
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "load", NAPI_AUTO_LENGTH, dien::load, nullptr, &function);
  napi_set_named_property(env, exports, "load", function);
  dien::setText(env, exports, "sources", SOURCES);
  dien::setText(env, exports, "vectors", VECTORS);
  return exports;
}
