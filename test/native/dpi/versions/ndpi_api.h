// Stand-in for the headers of libndpi 4.2 to 5.x: only what native/dpi uses, with the types and signatures that each
// version has by its published headers. Enough for the compiler to check the branches of ndpi_compat.h, nothing to link.
#pragma once
#include "ndpi_define.h"
#include "ndpi_includes.h"

#define SINCE(major, minor) (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

#define NDPI_PROTOCOL_UNKNOWN 0
#define NDPI_PROTOCOL_TINC 209
#define NDPI_API_VERSION 1

typedef enum { NDPI_PROTOCOL_CATEGORY_UNSPECIFIED = 0, NDPI_PROTOCOL_NUM_CATEGORIES = 106 } ndpi_protocol_category_t;
typedef enum { NDPI_NO_RISK = 0, NDPI_MAX_RISK = 42 } ndpi_risk_enum;
typedef u_int64_t ndpi_risk;
typedef enum {
  NDPI_CONFIDENCE_UNKNOWN = 0,
  NDPI_CONFIDENCE_MATCH_BY_PORT,
  NDPI_CONFIDENCE_MATCH_BY_IP,
  NDPI_CONFIDENCE_DPI,
  NDPI_CONFIDENCE_MAX
} ndpi_confidence_t;

struct ndpi_detection_module_struct;
#if !SINCE(4, 3)
typedef struct message {
  u_int8_t* buffer;
  u_int buffer_len, buffer_used;
} message_t;
struct ndpi_flow_tcp_struct {
  struct {
    message_t message;
  } tls;
};
#endif
struct ndpi_flow_struct {
#if !SINCE(4, 3)
  u_int8_t l4_proto;
  union {
    struct ndpi_flow_tcp_struct tcp;
  } l4;
#endif
  ndpi_confidence_t confidence;
  int (*extra_packets_func)(struct ndpi_detection_module_struct*, struct ndpi_flow_struct*);
  u_int8_t packet_direction : 1;
  char host_server_name[80];
  ndpi_risk risk;
};

#if SINCE(4, 11)
typedef struct {
  u_int16_t master_protocol, app_protocol;
} ndpi_master_app_protocol;
#endif
#if SINCE(4, 15)
typedef enum { NDPI_STATE_INSPECTING = 0, NDPI_STATE_PARTIAL, NDPI_STATE_MONITORING, NDPI_STATE_CLASSIFIED } ndpi_classification_state;
#endif
typedef struct ndpi_proto {
#if SINCE(4, 11)
  ndpi_master_app_protocol proto;
  u_int16_t protocol_by_ip;
#else
  u_int16_t master_protocol, app_protocol;
#endif
  ndpi_protocol_category_t category;
#if SINCE(4, 15)
  ndpi_classification_state state;
#endif
} ndpi_protocol;

extern "C" {
u_int16_t ndpi_get_api_version(void);
u_int32_t ndpi_detection_get_sizeof_ndpi_flow_struct(void);
char* ndpi_revision(void);
void ndpi_exit_detection_module(struct ndpi_detection_module_struct* module);
void ndpi_free_flow_data(struct ndpi_flow_struct* flow);
void* ndpi_malloc(size_t size);
void ndpi_free(void* block);
char* ndpi_get_proto_name(struct ndpi_detection_module_struct* module, u_int16_t id);
ndpi_protocol_category_t ndpi_get_proto_category(struct ndpi_detection_module_struct* module, ndpi_protocol protocol);
const char* ndpi_category_get_name(struct ndpi_detection_module_struct* module, ndpi_protocol_category_t category);
const char* ndpi_confidence_get_name(ndpi_confidence_t confidence);
const char* ndpi_risk2str(ndpi_risk_enum risk);

// The module.
#if SINCE(4, 9)
struct ndpi_global_context;
struct ndpi_detection_module_struct* ndpi_init_detection_module(struct ndpi_global_context* context);
int ndpi_finalize_initialization(struct ndpi_detection_module_struct* module);
typedef enum { NDPI_CFG_OK = 0 } ndpi_cfg_error;
ndpi_cfg_error ndpi_set_config(struct ndpi_detection_module_struct* module, const char* protocol, const char* parameter, const char* value);
#else
typedef u_int32_t ndpi_init_prefs;
typedef enum { ndpi_no_prefs = 0 } ndpi_prefs;
struct ndpi_detection_module_struct* ndpi_init_detection_module(ndpi_init_prefs prefs);
void ndpi_finalize_initialization(struct ndpi_detection_module_struct* module);
#if SINCE(4, 3)
typedef enum { ndpi_pref_direction_detect_disable = 0, ndpi_pref_max_packets_to_process } ndpi_detection_preference;
#else
typedef enum { ndpi_pref_direction_detect_disable = 0 } ndpi_detection_preference;
#endif
int ndpi_set_detection_preferences(struct ndpi_detection_module_struct* module, ndpi_detection_preference preference, int value);
#endif
#if SINCE(4, 5) && !SINCE(4, 9)
typedef enum { NDPI_LRUCACHE_OOKLA = 0, NDPI_LRUCACHE_MAX } lru_cache_type;
int ndpi_set_lru_cache_size(struct ndpi_detection_module_struct* module, lru_cache_type type, u_int32_t entries);
#endif
#if SINCE(4, 15)
u_int ndpi_get_num_protocols(struct ndpi_detection_module_struct* module);
#else
typedef struct {
  u_int32_t bits[16];
} NDPI_PROTOCOL_BITMASK;
#define NDPI_BITMASK_SET_ALL(mask) memset(&mask, 0xff, sizeof mask)
#define NDPI_DEL_PROTOCOL_FROM_BITMASK(mask, id) (mask).bits[(id) / 32] &= ~(1u << ((id) % 32))
void ndpi_set_protocol_detection_bitmask2(struct ndpi_detection_module_struct* module, const NDPI_PROTOCOL_BITMASK* mask);
u_int ndpi_get_num_supported_protocols(struct ndpi_detection_module_struct* module);
u_int8_t ndpi_extra_dissection_possible(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow);
#endif

// Packets.
#if SINCE(4, 5)
#define NDPI_IN_PKT_DIR_UNKNOWN 0
#define NDPI_IN_PKT_DIR_C_TO_S 1
#define NDPI_IN_PKT_DIR_S_TO_C 2
#define NDPI_FLOW_BEGINNING_UNKNOWN 0
#define NDPI_FLOW_BEGINNING_SEEN 1
struct ndpi_flow_input_info {
  unsigned char in_pkt_dir;
  unsigned char seen_flow_beginning;
};
ndpi_protocol ndpi_detection_process_packet(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow, const unsigned char* packet,
                                            const unsigned short length, const u_int64_t time_ms, struct ndpi_flow_input_info* input);
#else
ndpi_protocol ndpi_detection_process_packet(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow, const unsigned char* packet,
                                            const unsigned short length, const u_int64_t time_ms);
#endif
#if SINCE(4, 15)
ndpi_protocol ndpi_detection_giveup(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow);
#elif SINCE(4, 9)
ndpi_protocol ndpi_detection_giveup(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow, u_int8_t* guessed);
#else
ndpi_protocol ndpi_detection_giveup(struct ndpi_detection_module_struct* module, struct ndpi_flow_struct* flow, u_int8_t guess, u_int8_t* guessed);
#endif
}
