_mgu_run_options() {
  case $1 in
@OPTIONS@
  esac
}
_mgu_run_values() {
  case $1 in
@VALUES@
  esac
}
_mgu_run() {
  local line="${COMP_LINE:0:$COMP_POINT}"
  local word="${line##* }" command="${COMP_WORDS[1]}" words='' before=''
  COMPREPLY=()
  if [[ $word == *=* ]]; then
    local key="${word%%=*}" value="${word#*=}"
    [[ $value == *,* ]] && before="${value%,*},"
    # bash takes = for the border of a word, so only what follows it is replaced, unless its user has it otherwise
    [[ ${COMP_WORDBREAKS-} == *=* ]] || before="$key=$before"
    [[ $key == --* ]] && key="$command $key"
    COMPREPLY=($(compgen -P "$before" -W "$(_mgu_run_values "$key")" -- "${value##*,}"))
    return
  fi
  [[ $COMP_CWORD -gt 2 ]] && words="$(_mgu_run_values "$command ${COMP_WORDS[COMP_CWORD-1]}")"
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    return
  fi
  if [[ $COMP_CWORD == 1 ]]; then
    words=@COMMANDS@' '@FLAGS@' '@KEYS@
  else
    words="$(_mgu_run_options "$command")"
    case $command in
      @TAKES_KEYS@) words="$words "@KEYS@ ;;
      *) [[ ' '@COMMANDS@' ' == *" $command "* ]] || words=@FLAGS@' '@KEYS@ ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && type compopt >/dev/null 2>&1 && compopt -o nospace
  [[ ${#COMPREPLY[@]} == 0 ]] && COMPREPLY=($(compgen -f -- "$word"))
  return 0
}
complete -F _mgu_run mgu-run
