//! The request that a chat body becomes, and what is refused before anything is sent.

use hfetch::wire::request::{
    Caps, ChatRequest, Defaults, Prompt, chat, pinned_provider, refuses_stream_options,
    resolve_model, responses, without,
};

const DEFAULTS: Defaults<'_> = Defaults {
    id: "huggingface",
    model: Some("default/model"),
    needs_usage: false,
    max_tokens: None,
    renames: true,
    caps: Caps::NONE,
};

fn wire(body: &str) -> ChatRequest {
    chat(body, DEFAULTS, &mut |_| {}).expect(body)
}

/// Parameters that servers know in addition to OpenAI's: those of vLLM, SGLang, text-generation-inference, llama.cpp and Ollama,
/// and those of hosts and gateways.
const OF_SERVERS: &str = "\
    audio best_of cache_salt background include instructions max_output_tokens max_tool_calls metadata \
    previous_response_id prompt reasoning service_tier store text truncation request_id mm_processor_kwargs \
    priority include_reasoning use_beam_search top_k min_p repetition_penalty length_penalty stop_token_ids \
    include_stop_str_in_output ignore_eos min_tokens skip_special_tokens spaces_between_special_tokens \
    truncate_prompt_tokens prompt_logprobs allowed_token_ids bad_words echo add_generation_prompt \
    continue_final_message add_special_tokens documents chat_template chat_template_kwargs guided_json \
    guided_regex guided_choice guided_grammar structural_tag guided_decoding_backend guided_whitespace_pattern \
    logits_processors return_tokens_as_token_ids kv_transfer_params vllm_xargs structured_outputs \
    thinking_token_budget repetition_detection media_io_kwargs return_token_ids regex ebnf json_schema stop_regex \
    no_stop_trim lora_path session_id session_params custom_params custom_logit_processor images_config \
    bootstrap_host bootstrap_port bootstrap_room routed_dp_rank data_parallel_rank rid extra_key ngram_corpus_id \
    custom_labels return_hidden_states return_routed_experts return_meta_info separate_reasoning stream_reasoning \
    typical_p top_n_tokens top_n_logprobs watermark details decoder_input_details do_sample max_new_tokens \
    return_full_text adapter_id grammar guideline tool_prompt inputs parameters options truncate normalize \
    prompt_name truncation_direction input_type embedding_types output_dimension output_dtype late_chunking task \
    embedding_type dimension n_predict n_keep cache_prompt id_slot samplers mirostat mirostat_tau mirostat_eta \
    dry_multiplier dry_base dry_allowed_length dry_penalty_last_n xtc_probability xtc_threshold dynatemp_range \
    dynatemp_exponent repeat_penalty repeat_last_n penalize_nl tfs_z min_keep n_probs post_sampling_probs \
    timings_per_token return_progress return_tokens response_fields lora t_max_predict_ms n_indent n_discard \
    reasoning_format reasoning_budget thinking_forced_open parse_tool_calls speculative add_bos_token num_ctx \
    num_predict num_keep keep_alive think format raw template suffix images system models provider route \
    transforms plugins top_a prediction verbosity usage preset debug user_id trace image_config modalities \
    fallbacks num_retries api_base api_key api_version mock_response tags guardrails context_window_fallback_dict \
    cache litellm_metadata drop_params extra_headers extra_body extra_query caching allowed_openai_params \
    deployment_id base_url safety_model context_length_exceeded_behavior prompt_truncate_len prompt_cache_max_len \
    prompt_cache_isolation_key prompt_cache_key prompt_cache_retention safety_identifier raw_output \
    perf_metrics_in_response speculation mirostat_target mirostat_lr reasoning_history thinking search_settings \
    exclude_domains include_domains compound_custom disable_tool_validation citation_options clear_thinking \
    disable_reasoning enable_thinking thinking_budget enable_search search_options incremental_output \
    result_format vl_high_resolution_images top_logprobs enable_code_interpreter translation_options safe_prompt \
    random_seed prompt_mode search_mode search_domain_filter search_recency_filter return_images \
    return_related_questions web_search_options disable_search language_preference last_updated_after_filter \
    enable_search_classifier search_parameters deferred functions function_call web_search moderation \
    max_tokens_to_sample stop_sequences anthropic_version top_n max_thinking_tokens budget_tokens speed \
    output_config context_management betas container mcp_servers cache_control nvext mode data_sources \
    enhancements logprob prompt_tokens max_input_tokens min_new_tokens max_length min_length num_beams \
    early_stopping no_repeat_ngram_size penalty_alpha k p safe_mode connectors force_single_step tool_results \
    preamble citation_quality raw_prompting strict_tools tool_stream mask_sensitive_info tokens_to_generate \
    reply_constraints bot_setting chat_id parent_id files variables features background_tasks character \
    instruction_template name1 name2 context greeting turn_template your_name bot_name chat_instruct_command \
    continue_ max_tokens_second auto_max_new_tokens ban_eos_token custom_token_bans seed sampler_priority \
    smoothing_factor dynamic_temperature temperature_last top_n_sigma guidance_scale negative_prompt tfs \
    epsilon_cutoff eta_cutoff encoder_repetition_penalty presence_context steps mirostat_mode rep_pen";

#[test]
fn a_misspelt_parameter_is_doubted_and_sent() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (written, meant) in [
        ("max_token", "max_tokens"),
        ("maxTokens", "max_tokens"),
        ("max-tokens", "max_tokens"),
        ("mxa_tokens", "max_tokens"),
        ("temprature", "temperature"),
        ("tempreture", "temperature"),
        ("topP", "top_p"),
        ("tpo_p", "top_p"),
        ("topK", "top_k"),
        ("stpo", "stop"),
        ("tool", "tools"),
        ("strem", "stream"),
        ("response_fromat", "response_format"),
        ("responseFormat", "response_format"),
        ("toolChoice", "tool_choice"),
        ("frequency_penality", "frequency_penalty"),
        ("maxCompletionTokens", "max_completion_tokens"),
    ] {
        let request = wire(&format!(r#"{{{m},"{written}":1}}"#));
        assert_eq!(request.doubts.len(), 1, "{written}");
        let said = &request.doubts[0];
        assert!(said.contains(written), "{said}");
        assert!(said.ends_with(&format!("did you mean {meant}?")), "{said}");
        assert!(
            request.body.ends_with(&format!(r#""{written}":1}}"#)),
            "{}",
            request.body
        );
    }
    // Escapes hide no name.
    let request = wire(&format!(r#"{{{m},"max_t\u006fken":1}}"#));
    assert!(
        request.doubts[0].contains(" max_token "),
        "{:?}",
        request.doubts
    );
}

#[test]
fn of_a_body_that_nobody_wrote_by_hand_no_more_is_doubted() {
    let mut body = String::from(r#"{"messages":[{"role":"user","content":"hi"}]"#);
    for n in 0..1_000 {
        body += &format!(r#","max_token{n}":1"#);
    }
    let doubts = wire(&(body + "}")).doubts.len();
    assert!(doubts > 10 && doubts < 64, "{doubts}");
}

#[test]
fn what_a_server_knows_is_not_doubted() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for name in OF_SERVERS
        .split_whitespace()
        .chain(["x", "", "ü", "a", "foo", "x_new", "étage"])
    {
        // Members that mean something here may still have a wrong value.
        let body = format!(r#"{{{m},"{name}":null}}"#);
        let doubts = chat(&body, DEFAULTS, &mut |_| {}).expect(name).doubts;
        assert!(doubts.is_empty(), "{doubts:?}");
    }
    let body = r#"{"input":"hi","max_token":1}"#;
    assert!(
        responses(body, DEFAULTS, &mut |_| {})
            .expect(body)
            .doubts
            .is_empty()
    );
}

#[test]
fn an_option_in_a_body_is_told_where_it_belongs() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for name in [
        "timeout",
        "headers",
        "retry",
        "maxRetries",
        "apiKey",
        "baseURL",
        "billTo",
    ] {
        let request = wire(&format!(r#"{{{m},"{name}":1}}"#));
        assert_eq!(request.doubts.len(), 1, "{name}");
        assert!(request.doubts[0].contains("as an option it belongs behind the body"));
        assert!(request.body.contains(name));
    }
}

#[test]
fn the_wire_body() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    let table = [
        (
            format!("{{{m}}}"),
            format!(r#"{{"model":"default/model",{m}}}"#),
        ),
        (
            format!(r#"{{{m},"model":"a/b"}}"#),
            format!(r#"{{"model":"a/b",{m}}}"#),
        ),
        (
            format!(r#"{{{m},"model":null}}"#),
            format!(r#"{{"model":"default/model",{m}}}"#),
        ),
        (
            format!(r#"{{{m},"model":"huggingface:a/b:groq"}}"#),
            format!(r#"{{"model":"a/b:groq",{m}}}"#),
        ),
        (
            format!(r#"{{"temperature":0.5,{m},"top_p":0.9,"max_tokens":7,"x_new":{{"a":[1]}}}}"#),
            format!(
                r#"{{"model":"default/model","temperature":0.5,{m},"top_p":0.9,"max_tokens":7,"x_new":{{"a":[1]}}}}"#
            ),
        ),
        (
            format!(r#"{{{m},"stop":"\n\""}}"#),
            format!(r#"{{"model":"default/model",{m},"stop":["\n\""]}}"#),
        ),
        (
            format!(r#"{{{m},"stop":["a","b"]}}"#),
            format!(r#"{{"model":"default/model",{m},"stop":["a","b"]}}"#),
        ),
        (
            format!(r#"{{{m},"stop":null}}"#),
            format!(r#"{{"model":"default/model",{m},"stop":null}}"#),
        ),
        (
            format!(r#"{{{m},"stream":true}}"#),
            format!(
                r#"{{"model":"default/model",{m},"stream":true,"stream_options":{{"include_usage":true}}}}"#
            ),
        ),
        (
            format!(r#"{{"stream_options":null,{m},"stream":true}}"#),
            format!(r#"{{"model":"default/model",{m},"stream":true}}"#),
        ),
        (
            format!(r#"{{{m},"stream":true,"stream_options":{{"x":1}}}}"#),
            format!(
                r#"{{"model":"default/model",{m},"stream":true,"stream_options":{{"include_usage":true,"x":1}}}}"#
            ),
        ),
        (
            format!(r#"{{{m},"stream":true,"stream_options":{{"include_usage":false}}}}"#),
            format!(r#"{{"model":"default/model",{m},"stream":true}}"#),
        ),
        (
            format!(r#"{{{m},"stream":true,"stream_options":{{"include_usage":false,"x":1}}}}"#),
            format!(
                r#"{{"model":"default/model",{m},"stream":true,"stream_options":{{"include_usage":false,"x":1}}}}"#
            ),
        ),
        (
            format!(r#"{{{m},"stream_options":null}}"#),
            format!(r#"{{"model":"default/model",{m}}}"#),
        ),
        (
            format!(r#"{{{m},"stream":false,"stream_options":{{}}}}"#),
            format!(r#"{{"model":"default/model",{m},"stream":false,"stream_options":{{}}}}"#),
        ),
    ];
    for (body, expected) in table {
        assert_eq!(wire(&body).body, expected, "{body}");
    }
}

#[test]
fn what_the_request_says_of_itself() {
    let request = wire(r#"{"messages":[{"role":"user"}],"stream":true,"max_tokens":9,"n":3}"#);
    assert_eq!(
        (request.stream, request.max_tokens, request.choices),
        (true, Some(9.0), 3.0)
    );
    let request =
        wire(r#"{"messages":[{"role":"user"}],"max_completion_tokens":5,"max_tokens":null}"#);
    assert_eq!(
        (request.stream, request.max_tokens, request.choices),
        (false, Some(5.0), 1.0)
    );
    // The server decides which of the two it accepts.
    let request =
        wire(r#"{"messages":[{"role":"user"}],"max_completion_tokens":8000,"max_tokens":1}"#);
    assert_eq!(request.max_tokens, Some(8000.0));
}

#[test]
fn bad_fields_are_named() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    let table = [
        ("[]".to_string(), "body"),
        ("{}".to_string(), "messages"),
        (r#"{"messages":[]}"#.to_string(), "messages"),
        (r#"{"messages":"hi"}"#.to_string(), "messages"),
        (r#"{"messages":[1]}"#.to_string(), "messages[0]"),
        (
            r#"{"messages":[{"content":"x"}]}"#.to_string(),
            "messages[0].role",
        ),
        (
            r#"{"messages":[{"role":"user"},{"role":7}]}"#.to_string(),
            "messages[1].role",
        ),
        (
            r#"{"messages":[{"role":"user","content":7}]}"#.to_string(),
            "messages[0].content",
        ),
        (
            r#"{"messages":[{"role":"user","content":["x"]}]}"#.to_string(),
            "messages[0].content[0]",
        ),
        (format!(r#"{{{m},"model":""}}"#), "model"),
        (format!(r#"{{{m},"model":"a b"}}"#), "model"),
        (format!(r#"{{{m},"model":1}}"#), "model"),
        (format!(r#"{{{m},"temperature":"1"}}"#), "temperature"),
        (format!(r#"{{{m},"top_p":[]}}"#), "top_p"),
        (format!(r#"{{{m},"max_tokens":0}}"#), "max_tokens"),
        (format!(r#"{{{m},"max_tokens":1.5}}"#), "max_tokens"),
        (format!(r#"{{{m},"max_tokens":"9"}}"#), "max_tokens"),
        (format!(r#"{{{m},"n":-1}}"#), "n"),
        (format!(r#"{{{m},"stream":"yes"}}"#), "stream"),
        (format!(r#"{{{m},"stop":1}}"#), "stop"),
        (format!(r#"{{{m},"stop":["a",1]}}"#), "stop[1]"),
        (format!(r#"{{{m},"stream_options":1}}"#), "stream_options"),
        (
            format!(r#"{{{m},"stream_options":{{"include_usage":1}}}}"#),
            "stream_options.include_usage",
        ),
        (format!(r#"{{{m},"tools":{{}}}}"#), "tools"),
    ];
    for (body, path) in table {
        let error = chat(&body, DEFAULTS, &mut |_| {}).expect_err(&body);
        assert_eq!(error.path.as_deref(), Some(path), "{body}");
    }
    let nameless = Defaults {
        model: None,
        ..DEFAULTS
    };
    assert_eq!(
        resolve_model(None, nameless).unwrap_err().path.as_deref(),
        Some("model")
    );
}

#[test]
fn a_bad_field_is_told_in_the_words_of_the_options() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (field, words) in [
        (r#""model":1"#, "model: must be a string, not a number"),
        (
            r#""stream":"yes""#,
            "stream: must be true or false, not a string",
        ),
        (
            r#""temperature":{}"#,
            "temperature: must be a number, not an object",
        ),
        (r#""seed":[1]"#, "seed: must be a number, not a list"),
        (r#""n":0"#, "n: must be a whole number of at least 1"),
        (
            r#""max_tokens":true"#,
            "max_tokens: must be a number, not a boolean",
        ),
        (
            r#""stop":1"#,
            "stop: must be a string or a list of strings, not a number",
        ),
        (
            r#""stop":["a",null]"#,
            "stop[1]: must be a string, not null",
        ),
        (
            r#""stream_options":true"#,
            "stream_options: must be an object, not a boolean",
        ),
        (
            r#""tools":"f""#,
            "tools: must be a list of tools, not a string",
        ),
    ] {
        let body = format!("{{{m},{field}}}");
        let error = chat(&body, DEFAULTS, &mut |_| {}).expect_err(&body);
        assert_eq!(error.message, words);
    }
}

#[test]
fn nothing_may_follow_the_body() {
    let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    assert!(chat(&format!("{body} "), DEFAULTS, &mut |_| {}).is_ok());
    for rest in [",", "}", "]", r#","stop":"x"}"#, "{}", "\0"] {
        assert!(
            chat(&[body, rest].concat(), DEFAULTS, &mut |_| {}).is_err(),
            "{rest}"
        );
    }
}

#[test]
fn a_parameter_that_means_something_comes_once() {
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    for (member, again, path) in [
        (r#""model":"a/b""#, r#""model":"c/d""#, "model"),
        (r#""max_tokens":1"#, r#""max_tokens":99"#, "max_tokens"),
        (r#""n":1"#, r#""\u006e":9"#, "n"),
        (r#""stream":true"#, r#""stream":false"#, "stream"),
    ] {
        let error = chat(&format!("{{{member},{m},{again}}}"), DEFAULTS, &mut |_| {});
        assert_eq!(error.unwrap_err().path.as_deref(), Some(path));
    }
    // The server decides about members that the core doesn't read.
    let unknown = format!(r#"{{"model":"a/b",{m},"x":1,"x":2}}"#);
    assert_eq!(wire(&unknown).body, unknown);
}

#[test]
fn a_stream_that_needs_usage_asks_for_it_whatever_the_caller_said() {
    let m = r#""messages":[{"role":"user","content":"hi"}],"stream":true"#;
    let table = [
        ("", r#"{"include_usage":true}"#, false),
        (
            r#","stream_options":null"#,
            r#"{"include_usage":true}"#,
            false,
        ),
        (
            r#","stream_options":{}"#,
            r#"{"include_usage":true}"#,
            false,
        ),
        (
            r#","stream_options":{"include_usage":false}"#,
            r#"{"include_usage":true}"#,
            false,
        ),
        (
            r#","stream_options":{"a":[1], "include_usage":null,"b":2}"#,
            r#"{"include_usage":true,"a":[1],"b":2}"#,
            false,
        ),
        (
            r#","stream_options":{"include_usage":true,"a":1}"#,
            r#"{"include_usage":true,"a":1}"#,
            true,
        ),
        (
            r#","stream_options":{"include_usage":true,"include_usage":false}"#,
            r#"{"include_usage":true}"#,
            false,
        ),
        (
            r#","stream_options":{"include_usage":false,"include_usage":true}"#,
            r#"{"include_usage":true}"#,
            true,
        ),
    ];
    let needy = Defaults {
        needs_usage: true,
        ..DEFAULTS
    };
    for (given, sent, asks) in table {
        let body = format!(r#"{{"model":"a/b",{m}{given}}}"#);
        let request = chat(&body, needy, &mut |_| {}).expect(&body);
        let expected = format!(r#"{{"model":"a/b",{m},"stream_options":{sent}}}"#);
        assert_eq!(request.body, expected, "{given}");
        assert_eq!(request.asks_usage, asks, "{given}");
    }
    let whole = r#"{"model":"a/b","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(chat(whole, needy, &mut |_| {}).unwrap().body, whole);
}

#[test]
fn stream_options_can_be_cut_out_again_wherever_they_stand() {
    let m = r#""messages":[{"role":"user","content":"stream_options 🦀"}]"#;
    let plain = format!(r#"{{"model":"default/model",{m},"stream":true,"é":1}}"#);
    for given in [
        format!(r#"{{{m},"stream":true,"é":1}}"#),
        format!(r#"{{"stream_options":{{}},{m},"stream":true,"é":1}}"#),
        format!(r#"{{{m},"stream\u005foptions":{{"a":"}}"}},"stream":true,"é":1}}"#),
        format!(r#"{{{m},"stream":true,"é":1,"stream_options":{{"include_usage":true}}}}"#),
        format!(
            r#"{{{m},"stream":true,"stream_options":{{"x":[1],"include_usage":false}},"é":1}}"#
        ),
    ] {
        let request = wire(&given);
        let member = request.stream_options.expect(&given);
        assert_eq!(without(&request.body, &member), plain, "{given}");
    }
    for none in [
        format!(r#"{{{m}}}"#),
        format!(r#"{{{m},"stream":true,"stream_options":null}}"#),
        format!(r#"{{{m},"stream":true,"stream_options":{{"include_usage":false}}}}"#),
    ] {
        assert_eq!(wire(&none).stream_options, None, "{none}");
    }
}

#[test]
fn a_refusal_of_stream_options_is_a_400_or_422_that_names_them() {
    let named = r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}]}"#;
    let table = [
        (400, named, true),
        (422, named, true),
        (400, "unknown field `stream_options.include_usage`", true),
        (400, r#"{"error":"streaming is off"}"#, false),
        (422, "", false),
        (500, named, false),
        (401, named, false),
        (200, named, false),
    ];
    for (status, answer, refuses) in table {
        assert_eq!(
            refuses_stream_options(status, answer),
            refuses,
            "{status} {answer}"
        );
    }
}

#[test]
fn a_bound_of_tokens_goes_out_as_max_tokens_whatever_the_caller_names() {
    let bounded = Defaults {
        max_tokens: Some("100"),
        ..DEFAULTS
    };
    let messages = r#""messages":[{"role":"user","content":"hi"}],"seed":9007199254740993"#;
    for (given, sent, reserved) in [
        ("", r#","max_tokens":100"#, 100.0),
        (r#","max_tokens":null"#, r#","max_tokens":100"#, 100.0),
        (r#","max_tokens":7"#, r#","max_tokens":7"#, 7.0),
        (r#","max_completion_tokens":9"#, r#","max_tokens":9"#, 9.0),
        (
            r#","max\u005fcompletion_tokens":1e1,"max_tokens":null,"user":"u""#,
            r#","user":"u","max_tokens":1e1"#,
            10.0,
        ),
        (
            r#","max_completion_tokens":null"#,
            r#","max_tokens":100"#,
            100.0,
        ),
        (
            r#","max_tokens":5,"max_completion_tokens":9"#,
            r#","max_tokens":5,"max_completion_tokens":9"#,
            9.0,
        ),
    ] {
        let body = format!(r#"{{"model":"a/b",{messages}{given}}}"#);
        let request = chat(&body, bounded, &mut |_| {}).expect(&body);
        let expected = format!(r#"{{"model":"a/b",{messages}{sent}}}"#);
        assert_eq!(request.body, expected, "{given}");
        assert_eq!(request.max_tokens, Some(reserved), "{given}");
    }
}

#[test]
fn every_piece_of_the_prompt_is_heard() {
    let body = r#"{"messages":[
        {"role":"system","content":"one \u00e9"},
        {"role":"user","content":[{"type":"text","text":"two"},{"type":"image_url","image_url":{"url":"data:…"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"7","function":{"name":"f","arguments":"{}"}}]}],
        "tools":[{"type":"function"}]}"#;
    let (mut messages, mut images, mut text) = (0, 0, Vec::new());
    chat(body, DEFAULTS, &mut |piece| match piece {
        Prompt::Message => messages += 1,
        Prompt::Image => images += 1,
        Prompt::Text(words) => text.push(words.to_string()),
        _ => {}
    })
    .unwrap();
    assert_eq!((messages, images), (3, 1));
    assert_eq!(
        text,
        [
            "one é",
            "two",
            "id",
            "7",
            "function",
            "name",
            "f",
            "arguments",
            "{}",
            "type",
            "function"
        ]
    );
}

/// A text of so many bytes.
fn large(bytes: usize) -> String {
    match bytes {
        0..256 => String::new(),
        bytes => format!("({bytes})"),
    }
}

#[test]
fn what_a_part_shows_is_heard_once_whatever_it_is_called() {
    let blob = "A".repeat(9_000);
    let binary = format!("data:application/pdf;base64,{}", "/+48".repeat(100));
    let text_file = r#"{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,SGVsbG8="}}"#;
    let table = [
        (
            r#"{"type":"image_url","image_url":{"url":"data:…"}}"#,
            "image",
        ),
        (
            r#"{"image_url":{"url":"x"},"type":"image_url","image":"y"}"#,
            "image",
        ),
        (
            r#"{"type":"input_image","image_url":"x","detail":"low"}"#,
            "image",
        ),
        (
            r#"{"type":"image","source":{"type":"base64","data":"x"}}"#,
            "image",
        ),
        (r#"{"image":"x"}"#, "image"),
        (
            r#"{"type":"input_audio","input_audio":{"data":"x","format":"wav"}}"#,
            "audio",
        ),
        (r#"{"type":"audio_url","audio_url":{"url":"x"}}"#, "audio"),
        (r#"{"type":"audio","audio":"x"}"#, "audio"),
        (r#"{"type":"video_url","video_url":{"url":"x"}}"#, "video"),
        (r#"{"type":"video","video":["x","y"]}"#, "video"),
        (r#"{"type":"file","file":{"file_id":"x"}}"#, "file"),
        (r#"{"type":"input_file","file_url":"x"}"#, "file"),
        (
            r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBE"}}"#,
            "file",
        ),
        (r#"{"type":"document","source":{"data":"x"}}"#, "file"),
        (text_file, "a.txt Hello"),
        (
            r#"{"type":"input_file","file_data":"data:text/csv,a,b"}"#,
            "a,b",
        ),
        (r#"{"type":"document","text":"read me"}"#, "read me"),
        (r#"{"type":"text","text":"words"}"#, "words"),
        (r#"{"type":"input_text","text":"words"}"#, "words"),
        (r#"{"type":"refusal","refusal":"no"}"#, "no"),
        (
            r#"{"type":"thinking","thinking":"hm","signature":"s"}"#,
            "hm signature s",
        ),
        (
            r#"{"type":"tool_result","content":[{"type":"text","text":"a"},{"type":"image","data":"x"}]}"#,
            "a image",
        ),
        (
            r#"{"type":"tool_result","content":["words",7,null,["more"]]}"#,
            "words 7 null more",
        ),
        (r#"{"type":"text"}"#, ""),
        (r#"{"type":"unknown","n":1}"#, "n 1"),
        (r#"{"type":"unknown","said":"words"}"#, "said words"),
        (r#"{"type":"unknown","a":[{},[]]}"#, "a [] []"),
        // An unknown part counts as words, however long; only for a known medium its bytes don't count.
        (&format!(r#"{{"type":"unknown","data":"{blob}"}}"#), &blob),
        (
            &format!(r#"{{"data":"{blob}","also":"x"}}"#),
            &format!("also x {blob}"),
        ),
        (
            &format!(
                r#"{{"input_audio":{{"data":"{blob}","format":"wav"}},"type":"input_audio"}}"#
            ),
            "audio(9000)",
        ),
        (
            &format!(r#"{{"data":"{blob}","type":"video"}}"#),
            "video(9000)",
        ),
        (
            &format!(r#"{{"type":"image","images":["{blob}","{blob}"]}}"#),
            "image image",
        ),
        (
            &format!(r#"{{"type":"file","file_data":"{binary}","text":"x"}}"#),
            &format!("x file({})", binary.len()),
        ),
        (
            r#"{"type":"image_url","image_url":{"url":"two words"},"caption":"data:,x"}"#,
            "two words caption data:,x image",
        ),
        (
            r#"{"type":"file","file_data":"data:application/octet-stream;base64,SGVsbG8="}"#,
            "Hello",
        ),
        (&format!(r#"{{"type":"{blob}"}}"#), &blob),
    ];
    for (part, expected) in table {
        let body = [r#"{"messages":[{"role":"user","content":["#, part, "]}]}"].concat();
        let mut heard = Vec::new();
        chat(&body, DEFAULTS, &mut |piece| match piece {
            Prompt::Message => {}
            Prompt::Text(words) => heard.push(words.to_string()),
            Prompt::Image => heard.push("image".to_string()),
            Prompt::Audio(bytes) => heard.push(["audio", &large(bytes)].concat()),
            Prompt::Video(bytes) => heard.push(["video", &large(bytes)].concat()),
            Prompt::File(bytes) => heard.push(["file", &large(bytes)].concat()),
        })
        .unwrap();
        assert_eq!(heard.join(" "), expected, "{part}");
    }
}

#[test]
fn the_provider_is_what_stands_after_the_last_colon_unless_it_is_a_routing_word() {
    let table = [
        ("a/b", None),
        ("a/b:groq", Some("groq")),
        ("a/b:fastest", None),
        ("a/b:cheapest", None),
        ("a/b:preferred", None),
        ("a/b:", None),
        // This is no name of the router's, which always contains an organisation.
        ("llama3.1:8b", None),
    ];
    for (model, provider) in table {
        assert_eq!(pinned_provider(model), provider, "{model}");
    }
}

#[test]
fn no_maximum_is_none_however_it_is_written() {
    let m = r#""model":"a/b","messages":[{"role":"user","content":"hi"}]"#;
    for (given, most) in [
        (r#","max_tokens":-1"#, None),
        (r#","max_completion_tokens":-1"#, None),
        (r#","max_tokens":null"#, None),
        (r#","max_tokens":7,"max_completion_tokens":-1"#, None),
        (r#","max_tokens":7"#, Some(7.0)),
    ] {
        let body = format!("{{{m}{given}}}");
        let request = wire(&body);
        assert_eq!((request.body, request.max_tokens), (body, most), "{given}");
    }
    for wrong in ["-2", "0", "-1.5", "\"-1\"", "1.5"] {
        let body = format!(r#"{{{m},"max_tokens":{wrong}}}"#);
        let error = chat(&body, DEFAULTS, &mut |_| {}).expect_err(wrong);
        assert_eq!(error.path.as_deref(), Some("max_tokens"), "{wrong}");
    }
    let bounded = Defaults {
        max_tokens: Some("100"),
        ..DEFAULTS
    };
    let request = chat(&format!(r#"{{{m},"max_tokens":-1}}"#), bounded, &mut |_| {}).expect(m);
    assert_eq!(request.body, format!(r#"{{{m},"max_tokens":100}}"#));
    assert_eq!(request.max_tokens, Some(100.0));
}

fn respond(body: &str, max_tokens: Option<&str>) -> Result<ChatRequest, hfetch::error::Error> {
    let defaults = Defaults {
        max_tokens,
        ..DEFAULTS
    };
    responses(body, defaults, &mut |_| {})
}

#[test]
fn a_request_of_the_responses_api_is_its_caller_s_but_for_the_model_and_the_bound() {
    let rest = r#""input":"hi","seed":9007199254740993,"stream_options":{"include_obfuscation":false},"store":false"#;
    for (given, bound, sent, most, stream) in [
        ("", None, "", None, false),
        (r#","stream":true"#, None, r#","stream":true"#, None, true),
        (
            "",
            Some("100"),
            r#","max_output_tokens":100"#,
            Some(100.0),
            false,
        ),
        (
            r#","max_output_tokens":null,"n":0"#,
            Some("100"),
            r#","n":0,"max_output_tokens":100"#,
            Some(100.0),
            false,
        ),
        (
            r#","max_output_tokens":7"#,
            Some("100"),
            r#","max_output_tokens":7"#,
            Some(7.0),
            false,
        ),
        (
            r#","max_output_tokens":-1,"max_tokens":"x""#,
            None,
            r#","max_output_tokens":-1,"max_tokens":"x""#,
            None,
            false,
        ),
    ] {
        let request = respond(&format!(r#"{{{rest},"model":"a/b"{given}}}"#), bound).expect(given);
        assert_eq!(request.body, format!(r#"{{"model":"a/b",{rest}{sent}}}"#));
        assert_eq!(
            (request.max_tokens, request.stream),
            (most, stream),
            "{given}"
        );
        assert_eq!((request.model.as_str(), request.choices), ("a/b", 1.0));
        assert!(request.asks_usage);
    }
    for (wrong, path) in [
        (r#"{"model":"a b"}"#, "model"),
        (r#"{"model":"a/b","stream":1}"#, "stream"),
        (
            r#"{"model":"a/b","max_output_tokens":"5"}"#,
            "max_output_tokens",
        ),
        (r#"{"model":"a/b","tools":{}}"#, "tools"),
        (
            r#"{"model":"a/b","background":false,"background":true}"#,
            "background",
        ),
        (
            r#"{"model":"a/b","max_output_tokens":1,"max_output_tokens":2}"#,
            "max_output_tokens",
        ),
        (r#"{"model":"a/b","input":[}"#, "body"),
        ("[]", "body"),
    ] {
        let error = respond(wrong, None).expect_err(wrong);
        assert_eq!(error.path.as_deref(), Some(path), "{wrong}");
    }
}

#[test]
fn every_piece_of_a_response_s_input_is_heard() {
    let body = r#"{"model":"a/b","instructions":"one","input":[
        {"type":"message","role":"user","content":[{"type":"input_text","text":"two"},{"type":"input_image","image_url":"data:…","detail":"low"}]},
        {"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c","output":"three"},
        {"type":"reasoning","encrypted_content":"gAAAA","summary":[{"type":"summary_text","text":"four"}]}],
        "tools":[{"type":"function"}]}"#;
    let (mut messages, mut images, mut text) = (0, 0, Vec::new());
    responses(body, DEFAULTS, &mut |piece| match piece {
        Prompt::Message => messages += 1,
        Prompt::Image => images += 1,
        Prompt::Text(words) => text.push(words.to_string()),
        other => panic!("{other:?}"),
    })
    .expect("a body");
    let heard = [
        "one", "two", "fc_1", "c", "f", "{}", "c", "three", "gAAAA", "four", "type", "function",
    ];
    assert_eq!(
        (messages, images, text),
        (4, 1, heard.map(str::to_string).to_vec())
    );
    let mut alone = Vec::new();
    responses(r#"{"model":"a/b","input":"hi"}"#, DEFAULTS, &mut |piece| {
        if let Prompt::Text(words) = piece {
            alone.push(words.to_string());
        }
    })
    .expect("a body");
    assert_eq!(alone, ["hi"]);
}
